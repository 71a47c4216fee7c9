// Chooses the virtual host of a request: by the address it came to, then by the name it asks for. Pure.
// Source: httpd's documentation "An In-Depth Discussion of Virtual Host Matching"; modproxy.md §4.15.

import { parseAddress } from '../base/addresses.ts';
import type { Host, HostAddress, HostAlias, Snapshot } from './model.ts';

/** Hosts that share one address: the first is the one for names nobody has. */
type HostGroup = readonly Host[];

/** Why a host was chosen. */
export type HostReason =
  /** No virtual host has the address: the main server answers. */
  | 'main-server'
  /** The only one at the address. */
  | 'only-one'
  /** Its ServerName or a ServerAlias is the name asked for. */
  | 'server-name'
  | 'server-alias'
  /** The first at the address, because the request names nobody, or a name that none of them has. */
  | 'first-without-name'
  | 'first-of-unknown-name';

/** Hears how a host was chosen. @param group the hosts at the address, the first for names nobody has */
export interface HostTrace {
  hostChosen(host: Host, reason: HostReason, group: readonly Host[]): void;
}

/** Chooses among the hosts of one Snapshot. */
export class HostChooser {
  readonly #mainHost: Host;
  readonly #groups: ReadonlyMap<string, HostGroup>;
  /** By local address and port, so that the address is looked at once per listener. */
  readonly #byEndpoint = new Map<string, HostGroup>();
  readonly #patterns = new WeakMap<HostAlias, RegExp>();

  constructor(snapshot: Pick<Snapshot, 'mainHost' | 'hosts'>) {
    this.#mainHost = snapshot.mainHost;
    const groups = new Map<string, Host[]>();
    for (const host of snapshot.hosts)
      for (const address of host.addresses) {
        const key = keyOf(address);
        const group = groups.get(key) ?? [];
        if (!group.includes(host)) group.push(host);
        groups.set(key, group);
      }
    this.#groups = groups;
  }

  /** The hosts at an address the server listens to, most exact address first; empty when only the main server is there. */
  groupAt(localAddress: string, localPort: number): HostGroup {
    const endpoint = `${localAddress} ${localPort}`;
    const known = this.#byEndpoint.get(endpoint);
    if (known !== undefined) return known;
    const address = parseAddress(localAddress)?.join('.') ?? localAddress;
    const group =
      this.#groups.get(`${address} ${localPort}`) ??
      this.#groups.get(`${address} *`) ??
      this.#groups.get(`* ${localPort}`) ??
      this.#groups.get('* *') ??
      [];
    if (this.#byEndpoint.size < MAX_ENDPOINTS) this.#byEndpoint.set(endpoint, group);
    return group;
  }

  /** @param name from an absolute target, else from the Host header; with or without a port, in any letter case */
  choose(localAddress: string, localPort: number, name: string | undefined, trace?: HostTrace): Host {
    const group = this.groupAt(localAddress, localPort);
    const wanted = name === undefined || group.length < 2 ? undefined : hostName(name);
    let host = group.length === 0 ? this.#mainHost : group[0];
    if (wanted !== undefined)
      for (let i = 0; i < group.length; i++)
        if (this.#isCalled(group[i], wanted)) {
          host = group[i];
          break;
        }
    trace?.hostChosen(host, this.#reason(host, group, wanted), group);
    return host;
  }

  #reason(host: Host, group: HostGroup, wanted: string | undefined): HostReason {
    if (group.length === 0) return 'main-server';
    if (group.length === 1) return 'only-one';
    if (wanted === undefined) return 'first-without-name';
    if (!this.#isCalled(host, wanted)) return 'first-of-unknown-name';
    return host.hasOwnServerName && host.serverName === wanted ? 'server-name' : 'server-alias';
  }

  #isCalled(host: Host, name: string): boolean {
    if (host.hasOwnServerName && host.serverName === name) return true;
    for (const alias of host.aliases) {
      if (!alias.isPattern) {
        if (alias.text === name) return true;
        continue;
      }
      let pattern = this.#patterns.get(alias);
      if (pattern === undefined) {
        pattern = aliasPattern(alias.text);
        this.#patterns.set(alias, pattern);
      }
      if (pattern.test(name)) return true;
    }
    return false;
  }
}

/** Local endpoints remembered; a machine has few, so the bound only guards against surprises. */
const MAX_ENDPOINTS = 1024;

/** The name in a Host header: without port, without a last dot, lower case. */
export function hostName(header: string): string {
  const end = header.startsWith('[') ? header.indexOf(']') + 1 : header.indexOf(':');
  let name = (end <= 0 ? header : header.slice(0, end)).toLowerCase();
  if (name.endsWith('.')) name = name.slice(0, -1);
  return name.startsWith('[') ? name.slice(1, -1) : name;
}

function keyOf({ address, port }: HostAddress): string {
  const text = address === undefined ? '*' : (parseAddress(address)?.join('.') ?? address);
  return `${text} ${port ?? '*'}`;
}

/** `*` and `?` over the whole name. */
function aliasPattern(text: string): RegExp {
  const source = text
    .replace(/[\\^$.+()[\]{}|/-]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}
