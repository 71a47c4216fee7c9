// SetEnvIf, BrowserMatch, SetEnv, UnsetEnv and PassEnv at work on one exchange. Source: documentation of mod_setenvif and
// mod_env; behaviour recorded from httpd 2.4.71.

import { type Fields, REMOVED } from '../base/fields.ts';
import type { Exchange } from '../listener/exchange.ts';
import type { EnvIfRule, EnvMatchRule, EnvOp } from '../site/model.ts';
import type { Asker } from '../site/settings.ts';
import { fillGroups } from './headers.ts';

/**
 * Runs SetEnvIf and SetEnvIfExpr rules in order; later rules see what earlier ones set.
 * @param path decoded path of the request
 * @param asker whom expressions are asked about
 * @throws Failure when an expression cannot be evaluated
 */
export function applyEnvRules(
  rules: readonly EnvIfRule[] | undefined,
  exchange: Exchange,
  path: string,
  asker: Asker,
): void {
  if (rules === undefined) return;
  for (const rule of rules) {
    const groups = rule.kind === 'match' ? matchRule(rule, exchange, path) : rule.expression.match(asker.subject);
    if (groups === null || groups === undefined) continue;
    const keepsText = rule.kind === 'match' ? rule.isLiteral : groups.length === 0;
    for (const { name, value } of rule.actions) {
      if (value === undefined) exchange.env?.delete(name);
      else exchange.setEnv(name, keepsText ? value : fillGroups(value, groups));
    }
  }
}

/**
 * Runs SetEnv and PassEnv: the last one of a name counts, and what SetEnvIf has set stays (mod_env, as observed). What
 * UnsetEnv takes back is settled when sections are merged.
 */
export function applyEnvOps(ops: readonly EnvOp[] | undefined, exchange: Exchange): void {
  if (ops === undefined) return;
  const { env } = exchange;
  const before = env === undefined || env.size === 0 ? undefined : new Set(env.keys());
  for (const op of ops) if (op.kind === 'set' && before?.has(op.name) !== true) exchange.setEnv(op.name, op.value);
}

/**
 * Makes the response fit for clients that need care: `nokeepalive` ends the connection after it, `downgrade-1.0` treats
 * the client as one of HTTP/1.0, and `force-response-1.0` tells such a client that the response is of HTTP/1.0.
 */
export function spareClient(exchange: Exchange): void {
  if (exchange.env === undefined) return;
  const { request } = exchange;
  for (const name of exchange.env.keys()) {
    const lower = name.toLowerCase();
    if (lower === 'nokeepalive') exchange.keepAlive = false;
    else if (lower === 'downgrade-1.0' && !exchange.isDowngraded) {
      exchange.isDowngraded = request.minorVersion > 0;
      const connection = request.fields.getAll('Connection').join(',').toLowerCase();
      if (!/(^|[\s,])keep-alive($|[\s,])/.test(connection)) exchange.keepAlive = false;
    } else if (lower === 'force-response-1.0') exchange.saysOldVersion = true;
  }
}

/** What is not there matches as an empty text, so that `^$` can ask for it. */
function matchRule(rule: EnvMatchRule, exchange: Exchange, path: string): RegExpExecArray | null {
  const { subject, regex } = rule;
  const { fields } = exchange.request;
  switch (subject.kind) {
    case 'header':
      return regex.exec(joined(fields, subject.name) ?? exchange.env?.get(subject.name) ?? '');
    case 'header-pattern':
      return regex.exec(lastNamed(fields, subject.regex));
    case 'attribute':
      return regex.exec(attribute(subject.name, exchange, path));
  }
}

/** Of all names that match httpd looks at the last one; fields of one name stand where the first of them came. */
function lastNamed(fields: Fields, names: RegExp): string {
  let last = '';
  for (let i = 0; i < fields.count; i++) {
    if (fields.idAt(i) === REMOVED) continue;
    const name = fields.nameAt(i);
    if (names.test(name) && fields.indexOf(name) === i) last = joined(fields, name) ?? '';
  }
  return last;
}

/** Several fields of one name are one list. */
function joined(fields: Fields, name: string): string | undefined {
  if (fields.indexOf(name) < 0) return undefined;
  return fields.getAll(name).join(', ');
}

function attribute(
  name: Extract<EnvMatchRule['subject'], { kind: 'attribute' }>['name'],
  exchange: Exchange,
  path: string,
): string {
  switch (name) {
    case 'remote-host': // names are not looked up: the address stands for it, as in httpd without HostnameLookups
      return exchange.forwarded?.remoteHost ?? exchange.clientAddress;
    case 'remote-addr':
      return exchange.clientAddress;
    case 'server-addr':
      return exchange.connection.localAddress;
    case 'method':
      return exchange.request.method;
    case 'protocol':
      return exchange.request.minorVersion === 0 ? 'HTTP/1.0' : 'HTTP/1.1';
    case 'uri':
      return path;
  }
}
