// The story of mod_remoteip: proxies that may say who their client is, by a header field or by the PROXY protocol.
// Source: documentation of mod_remoteip; what is inherited and what holds for all hosts as observed on httpd 2.4.71.

import { parseRange } from '../../base/addresses.ts';
import { textOf } from '../../config/files.ts';
import type { DirectiveNode } from '../../config/httpd/tree.ts';
import { type DirectiveHandler, fail, flag, path, restricts, takes } from '../arguments.ts';
import type { HostDraft, Scope } from '../draft.ts';
import type { HostAddress, RemoteIpSettings, TrustedProxy } from '../model.ts';

/** Directives of this story, by name in lower case. */
export const REMOTE_IP_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  remoteipheader: (node, scope) => {
    const header = fieldName(node, scope);
    if (header !== undefined) update(scope, { header });
  },
  remoteipproxiesheader: (node, scope) => {
    const proxiesHeader = fieldName(node, scope);
    if (proxiesHeader !== undefined) update(scope, { proxiesHeader });
  },
  remoteipinternalproxy: (node, scope) => addProxies(node, scope, node.words, true),
  remoteiptrustedproxy: (node, scope) => addProxies(node, scope, node.words, false),
  remoteipinternalproxylist: (node, scope) => readList(node, scope, true),
  remoteiptrustedproxylist: (node, scope) => readList(node, scope, false),
  remoteipproxyprotocol: switchProtocol,
  remoteipproxyprotocolexceptions: (node, scope) => {
    if (!takes(node, scope, 1, Infinity)) return;
    const { proxyProtocol } = scope.site;
    for (const word of node.words) {
      const range = parseRange(word);
      if (range === undefined) fail(node, scope, `"${textOf(word)}" is no address or network; write 10.1.0.0/16`);
      else proxyProtocol.exceptions.push(range);
    }
  },
};

/** What a host has of its own, and else of the main server. */
export function remoteIpOf(draft: HostDraft, main: HostDraft): RemoteIpSettings | undefined {
  const merged = { ...main.choices.remoteIp, ...draft.choices.remoteIp };
  if (merged.header === undefined) return undefined;
  return { header: merged.header, proxiesHeader: merged.proxiesHeader, proxies: merged.proxies ?? [] };
}

function update(scope: Scope, change: Partial<NonNullable<Scope['host']['choices']['remoteIp']>>): void {
  const { choices } = scope.host;
  choices.remoteIp = { ...choices.remoteIp, ...change };
}

function fieldName(node: DirectiveNode, scope: Scope): string | undefined {
  if (!takes(node, scope, 1, 1)) return undefined;
  const [name] = node.words;
  if (/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return name;
  return fail(node, scope, `"${textOf(name)}" is no name of a header field`);
}

function addProxies(node: DirectiveNode, scope: Scope, words: readonly string[], isInternal: boolean): void {
  if (node.words.length === 0) takes(node, scope, 1, Infinity);
  const proxies: TrustedProxy[] = [];
  for (const word of words) {
    const range = parseRange(word);
    if (range !== undefined) proxies.push({ range, isInternal });
    else if (/^[\w.-]+$/.test(word) && /[A-Za-z]/.test(word))
      restricts(node, scope, `the addresses of "${textOf(word)}" are not looked up: name them`);
    else fail(node, scope, `"${textOf(word)}" is no address or network; write 10.1, 10.1.0.0/16 or fe80::/10`);
  }
  update(scope, { proxies: [...(scope.host.choices.remoteIp?.proxies ?? []), ...proxies] });
}

/** Words of a file, up to a `#` in each line. */
function readList(node: DirectiveNode, scope: Scope, isInternal: boolean): void {
  if (!takes(node, scope, 1, 1)) return;
  const file = path(node, scope, node.words[0]);
  let octets: string;
  try {
    octets = Buffer.from(scope.site.files.read(file)).toString('latin1');
  } catch {
    fail(node, scope, `${file} cannot be read`, 'file-missing');
    return;
  }
  for (const line of octets.split('\n')) {
    const words = line.split(/\s+/).filter((word) => word !== '');
    const remark = words.findIndex((word) => word.startsWith('#'));
    addProxies(node, scope, remark < 0 ? words : words.slice(0, remark), isInternal);
  }
}

/** On and Off hold for the addresses of the host they stand in; those of the main server are all. */
function switchProtocol(node: DirectiveNode, scope: Scope): void {
  const isOn = flag(node, scope);
  if (isOn === undefined) return;
  const { proxyProtocol, server } = scope.site;
  server.proxyProtocol = proxyProtocol;
  const [wanted, other] = isOn
    ? [proxyProtocol.enabled, proxyProtocol.disabled]
    : [proxyProtocol.disabled, proxyProtocol.enabled];
  const addresses: readonly HostAddress[] = scope.host.isMain
    ? [{ address: undefined, port: undefined }]
    : scope.host.addresses;
  for (const address of addresses) {
    const before = other.findIndex((one) => one.address === address.address && one.port === address.port);
    if (before >= 0) other.splice(before, 1);
    wanted.push(address);
  }
}
