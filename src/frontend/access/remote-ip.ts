// RemoteIPHeader at work on one exchange: from the last proxy to the first, as far as they are believed, the address that
// each names becomes the client's. Source: documentation of mod_remoteip; answers of httpd 2.4.71.

import { formatAddress, isInRange, parseAddress } from '../../base/addresses.ts';
import type { Exchange } from '../../listener/exchange.ts';
import type { RemoteIpSettings, TrustedProxy } from '../../site/model.ts';

/** The note in which the proxies believed stand, for logs. */
const NOTE = 'remoteip-proxy-ip-list';

/** Runs before anything looks at the client's address. */
export function applyRemoteIp(settings: RemoteIpSettings, exchange: Exchange): void {
  const { header, proxies, proxiesHeader } = settings;
  // What the PROXY protocol said is believed alone.
  if (header === undefined || exchange.connection.claimed !== undefined) return;
  const { fields } = exchange.request;
  if (fields.indexOf(header) < 0) return;
  const list = fields.getAll(header).join(', ');
  /** Where what nobody has looked at ends; -1: nothing is left. */
  let end = list.length;
  let isInternal = proxies.length > 0;
  let client = parseAddress(exchange.clientAddress);
  let text: string | undefined;
  const external: string[] = [];
  while (end >= 0 && client !== undefined) {
    const proxy = proxyAt(proxies, client);
    if (proxies.length > 0 && proxy === undefined) break;
    // An internal proxy may name an external one, but not the other way round.
    if (proxy !== undefined && isInternal) isInternal = proxy.isInternal;
    const last = withoutBlanks(list, end);
    const comma = last === 0 ? -1 : list.lastIndexOf(',', last - 1);
    const named = list.slice(comma + 1, last).replace(/^ +/, '');
    const address = addressIn(named);
    if (address === undefined || (!isInternal && !isPublic(address))) {
      // Blanks where a member is missing stay, as in httpd; those behind a member do not.
      if (named !== '' || comma < 0) end = last;
      break;
    }
    if (!isInternal) external.push(text ?? exchange.clientAddress);
    client = address;
    text = formatAddress(address);
    end = comma;
  }
  if (text === undefined) return;
  exchange.clientAddress = text;
  // Nobody told the port.
  exchange.clientPort = 0;
  if (end < 0) fields.remove(header);
  else fields.set(header, list.slice(0, end).replace(/^ +/, ''));
  if (external.length === 0) return;
  exchange.setNote(NOTE, external.join(', '));
  if (proxiesHeader !== undefined) fields.set(proxiesHeader, external.join(', '));
}

function proxyAt(proxies: readonly TrustedProxy[], address: readonly number[]): TrustedProxy | undefined {
  return proxies.find(({ range }) => isInRange(range, address));
}

/** Where a list that ends here ends without the blanks at its end. Looked at from behind: a client may send many. */
function withoutBlanks(list: string, end: number): number {
  let at = end;
  while (list[at - 1] === ' ') at--;
  return at;
}

/**
 * An address and nothing else: names are not looked up for whoever writes them into a field, and `010.0.0.1` is 8.0.0.1
 * to some.
 */
function addressIn(text: string): readonly number[] | undefined {
  return /%|(^|[.:])0\d+\./.test(text) ? undefined : parseAddress(text);
}

/** What a proxy on the Internet may claim its client to be: no private or local network (RFC 1918, RFC 3927), 2000::/3. */
function isPublic(address: readonly number[]): boolean {
  const [a, b] = address;
  if (address.length === 16) return (a & 0xe0) === 0x20;
  return !(
    a === 10 ||
    a === 127 ||
    (a === 169 && b === 254) ||
    (a === 172 && (b & 0xf0) === 16) ||
    (a === 192 && b === 168)
  );
}
