// Heads between the client and an HTTP backend: hop-by-hop fields removed both ways, Host and X-Forwarded-* added as
// mod_proxy_http does (modproxy.md §10.1–2). Host comes first, the client's fields keep their order, repeated ones become
// one list.

import type { MemberConfig } from '../../balancer/config.ts';
import { FIELD } from '../../base/field-names.ts';
import { type Fields, REMOVED } from '../../base/fields.ts';
import { type ResponseHead, UNKNOWN_LENGTH } from '../../base/head.ts';
import type { HttpAttempt } from './http-attempt.ts';
import { CHAIN_AUTH } from './manners.ts';
import type { ProxyRequest } from './proxy-request.ts';

/** Never passed on: they speak of the client's connection (RFC 9110 §7.6.1), or are written anew. */
const DROPPED: ReadonlySet<number> = new Set([
  FIELD.Host,
  FIELD.Connection,
  FIELD['Keep-Alive'],
  FIELD.TE,
  FIELD.Trailer,
  FIELD.Upgrade,
  FIELD['Proxy-Connection'],
  FIELD['Transfer-Encoding'],
  FIELD['Content-Length'],
]);

/** What of an attempt its fields depend on. */
export type HeadManners = Pick<HttpAttempt, 'keepAlive' | 'expect' | 'isOld' | 'upgrade' | 'preserveHost'>;

/** Fills `out` with the fields for one attempt. The table is the caller's and is reset here. */
export function fillHttpRequest(
  out: Fields,
  request: ProxyRequest,
  member: MemberConfig,
  { keepAlive, expect, isOld, upgrade, preserveHost }: HeadManners,
): void {
  const { exchange, bodyLength, manners } = request;
  const { fields } = exchange.request;
  const clientHost = fields.getKnown(FIELD.Host);
  const dropsCredentials = exchange.user !== undefined && (manners & CHAIN_AUTH) === 0;
  const dropsVia = request.host.via === 'block';
  out.reset();
  out.addKnown(FIELD.Host, preserveHost && clientHost !== undefined ? clientHost : backendHost(member));
  const named = connectionTokens(fields);
  for (let i = 0; i < fields.count; i++) {
    const id = fields.idAt(i);
    if (id === REMOVED || DROPPED.has(id)) continue;
    if (named.length > 0 && named.includes(fields.lowerNameAt(i))) continue;
    if (id === FIELD.Expect && expect === 'drop') continue;
    if (id === FIELD['Proxy-Authorization'] && dropsCredentials) continue;
    if (id === FIELD.Via && dropsVia) continue;
    if (isRepeat(fields, i, id)) continue;
    const values = mergedValue(fields, i, id);
    const added = addition(id, request, clientHost);
    if (added !== undefined) out.addKnown(id, `${values ?? fields.valueAt(i)}, ${added}`);
    else if (values === undefined) out.addFrom(fields, i);
    else out.add(fields.nameAt(i), values);
  }
  for (const id of ADDED) {
    const added = addition(id, request, clientHost);
    if (added !== undefined && !out.hasKnown(id)) out.addKnown(id, added);
  }
  if (expect === 'add' && !out.hasKnown(FIELD.Expect)) out.addKnown(FIELD.Expect, '100-Continue');
  if (bodyLength === UNKNOWN_LENGTH) out.addKnown(FIELD['Transfer-Encoding'], 'chunked');
  else if (bodyLength > 0 || fields.hasKnown(FIELD['Content-Length']) || fields.hasKnown(FIELD['Transfer-Encoding']))
    out.addKnown(FIELD['Content-Length'], String(bodyLength));
  if (isOld) return;
  if (upgrade === undefined) out.addKnown(FIELD.Connection, keepAlive ? 'Keep-Alive' : 'close');
  else {
    out.addKnown(FIELD.Connection, 'Upgrade');
    out.addKnown(FIELD.Upgrade, upgrade);
  }
}

/** Lists that go on with a word about this hop, in the order in which they stand when the client sent none. */
const ADDED = [FIELD.Via, FIELD['X-Forwarded-For'], FIELD['X-Forwarded-Host'], FIELD['X-Forwarded-Server']] as const;

/** What this hop adds to a list; undefined for all other fields, and where nothing is to be added. */
function addition(id: number, request: ProxyRequest, clientHost: string | undefined): string | undefined {
  switch (id) {
    case FIELD.Via:
      return request.via;
    case FIELD['X-Forwarded-For']:
      return request.addForwarded ? request.exchange.clientAddress : undefined;
    case FIELD['X-Forwarded-Host']:
      return request.addForwarded ? clientHost : undefined;
    case FIELD['X-Forwarded-Server']:
      return request.addForwarded ? request.host.serverName : undefined;
    default:
      return undefined;
  }
}

/** Hop-by-hop fields of a response (modproxy.md §10.2); the listener writes its own framing. */
const RESPONSE_DROPPED = [
  FIELD.Connection,
  FIELD['Keep-Alive'],
  FIELD.TE,
  FIELD.Trailer,
  FIELD['Proxy-Authenticate'],
  FIELD['Transfer-Encoding'],
  FIELD.Upgrade,
] as const;

/** Copies a backend's final head into the exchange's, without what speaks of the backend's connection. */
export function passResponseHead(from: ResponseHead, to: ResponseHead): void {
  to.status = from.status;
  to.reason = from.reason;
  to.minorVersion = from.minorVersion;
  to.bodyLength = from.bodyLength === 0 ? lengthTold(from.fields) : from.bodyLength;
  to.fields.copyFrom(from.fields);
  dropHopByHop(to.fields);
  if (to.fields.hasRepeats) keepFirstType(to.fields);
}

/** A body has one type: the first, as with httpd. */
function keepFirstType(fields: Fields): void {
  const id = FIELD['Content-Type'];
  const first = fields.indexOfKnown(id);
  if (first < 0) return;
  for (let i = first + 1; i < fields.count; i++) if (fields.idAt(i) === id) fields.removeAt(i);
}

/** The length of a message without body: answers to HEAD and 304 tell that of another, or none (RFC 9110 §8.6). */
function lengthTold(fields: Fields): number {
  const length = fields.getKnown(FIELD['Content-Length']);
  return length === undefined ? UNKNOWN_LENGTH : Number(length);
}

/** Removes what a backend says about its own connection, in place. */
export function dropHopByHop(fields: Fields): void {
  for (const name of connectionTokens(fields)) fields.remove(name);
  for (const id of RESPONSE_DROPPED) fields.removeKnown(id);
}

/** Lower-case names that the Connection fields list; the list is empty for the usual tokens alone. */
export function connectionTokens(fields: Fields): readonly string[] {
  const first = fields.getKnown(FIELD.Connection);
  if (first === undefined) return noTokens;
  const isUsual = first === 'keep-alive' || first === 'close' || first === 'Keep-Alive';
  if (isUsual && !fields.hasRepeats) return noTokens;
  return fields
    .getAll('Connection')
    .join(',')
    .toLowerCase()
    .split(/[,;]/)
    .map((token) => token.trim())
    .filter((token) => token !== '' && token !== 'close' && token !== 'keep-alive');
}

const noTokens: readonly string[] = [];

/** Host and port of the member as a Host field says them: without the scheme's default port. */
function backendHost(member: MemberConfig): string {
  const name = member.host.includes(':') ? `[${member.host}]` : member.host;
  return member.port === (member.scheme === 'https' || member.scheme === 'wss' ? 443 : 80)
    ? name
    : `${name}:${member.port}`;
}

/** True when an earlier field has the same name: its value stands there already. */
function isRepeat(fields: Fields, index: number, id: number): boolean {
  if (id > 0) return fields.hasRepeats && fields.indexOfKnown(id) !== index;
  return fields.indexOf(fields.nameAt(index)) !== index;
}

/** All values of the name as one list, undefined when there is only one. */
function mergedValue(fields: Fields, index: number, id: number): string | undefined {
  if (id > 0 && !fields.hasRepeats) return undefined;
  const values = fields.getAll(fields.nameAt(index));
  return values.length > 1 ? values.join(', ') : undefined;
}
