// The story of addresses: Listen, `<VirtualHost addresses>`, ServerName, ServerAlias. Names of machines are looked up in
// the hosts file only: loading a configuration asks no name server.

import { parseAddress } from '../base/addresses.ts';
import { textOf } from '../config/files.ts';
import type { ConfigNode, DirectiveNode, SectionNode } from '../config/httpd/tree.ts';
import { type DirectiveHandler, fail, takes, warn } from './arguments.ts';
import type { Scope } from './draft.ts';
import type { HostAddress } from './model.ts';

/** Directives of this story, by name in lower case. */
export const LISTEN_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  listen,
  servername: serverName,
  serveralias: serverAlias,
};

/** `host:port` with brackets for IPv6; either part may be missing. */
interface HostPort {
  readonly host: string | undefined;
  readonly port: number | undefined;
}

function splitHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+|\*))?$/.exec(text);
  if (match === null) return undefined;
  const port = match[3] === undefined || match[3] === '*' ? undefined : Number(match[3]);
  if (port !== undefined && (port < 1 || port > 65535)) return undefined;
  const host = match[1] ?? match[2];
  return { host: host === '' ? undefined : host, port };
}

/** `Listen [address:]port [protocol]`. */
function listen(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 2)) return;
  const text = textOf(node.words[0]);
  const split = /^\d+$/.test(text) ? splitHostPort(`*:${text}`) : splitHostPort(text);
  if (split === undefined || split.port === undefined) {
    fail(node, scope, `"${text}" is no port and no address:port; write 8080, 10.0.0.1:8080 or [::1]:8080`);
    return;
  }
  const address = split.host === undefined || split.host === '*' ? undefined : listenAddress(node, scope, split.host);
  const { port } = split;
  if (scope.site.listens.some((other) => other.address === address && other.port === port)) {
    fail(node, scope, `${text} is listened to already; take this line or the other one out`, 'listen-again');
    return;
  }
  const protocol = node.words[1]?.toLowerCase() ?? (port === 443 ? 'https' : 'http');
  scope.site.listens.push({ address, port, protocol, place: node.place });
}

function listenAddress(node: ConfigNode, scope: Scope, host: string): string {
  if (parseAddress(host) !== undefined) return host;
  const found = lookUp(scope, host)[0];
  if (found === undefined)
    warn(node, scope, `${host} is not in the hosts file; the system will look it up when listening`, 'unresolved-name');
  return found ?? host;
}

/** The addresses of `<VirtualHost …>`. A name that is not known matches nothing, as in httpd. */
export function hostAddresses(node: SectionNode, scope: Scope): HostAddress[] {
  return node.words.flatMap((word): HostAddress[] => {
    const text = textOf(word);
    const split = splitHostPort(text);
    if (split === undefined) {
      const message = `"${text}" is no address or address:port with a port from 1 to 65535`;
      // As in httpd: a number out of range is refused, a name for a port is not found and matches nothing.
      if (/:\d+$/.test(text)) fail(node, scope, message);
      else warn(node, scope, `${message} and matches nothing`, 'unresolved-name');
      return [];
    }
    const { host, port } = split;
    if (host === undefined || host === '*' || host.toLowerCase() === '_default_') return [{ address: undefined, port }];
    if (parseAddress(host) !== undefined) return [{ address: host, port }];
    const found = lookUp(scope, host);
    if (found.length === 0)
      warn(
        node,
        scope,
        `${host} is not in the hosts file, so this virtual host is not reached by it; write an address or *`,
        'unresolved-name',
      );
    return found.map((address) => ({ address, port }));
  });
}

/** Addresses that the hosts file gives a name; loopback for localhost where it says nothing. */
function lookUp(scope: Scope, name: string): string[] {
  const lower = name.toLowerCase();
  const found = hostsFile(scope).flatMap((line) => {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const isNamed = names.some((other) => other.toLowerCase() === lower);
    return isNamed && parseAddress(address) !== undefined ? [address] : [];
  });
  return found.length === 0 && lower === 'localhost' ? ['127.0.0.1', '::1'] : found;
}

const HOSTS_FILE = '/etc/hosts';

/** Lines of the hosts file; none when it cannot be read. */
function hostsFile(scope: Scope): string[] {
  try {
    return Buffer.from(scope.site.files.read(HOSTS_FILE)).toString('latin1').split('\n');
  } catch {
    return [];
  }
}

/** `ServerName [scheme://]name[:port]`. */
function serverName(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 1)) return;
  const match = /^(?:(https?):\/\/)?(.*)$/i.exec(node.words[0]);
  const scheme = match?.[1]?.toLowerCase();
  const split = splitHostPort(match?.[2] ?? '');
  if (split?.host === undefined) {
    fail(
      node,
      scope,
      `"${textOf(node.words[0])}" is not of the form [scheme://]name[:port] with a port from 1 to 65535`,
    );
    return;
  }
  scope.host.serverName = {
    name: split.host.toLowerCase(),
    port: split.port,
    scheme: scheme === 'https' ? 'https' : scheme === 'http' ? 'http' : undefined,
  };
}

function serverAlias(node: DirectiveNode, scope: Scope): void {
  if (scope.host.isMain) {
    fail(node, scope, 'belongs into a VirtualHost', 'not-here');
    return;
  }
  for (const word of node.words) scope.host.aliases.push({ text: word.toLowerCase(), isPattern: /[*?]/.test(word) });
}
