// A balancer together with what serving it takes: a backend for every member, a session finder, and the one-time notes
// about members whose session ids name another route than configured.

import { Balancer } from '../../balancer/balancer.ts';
import type { BalancerConfig, MemberConfig } from '../../balancer/config.ts';
import type { Maintenance } from '../../balancer/elector.ts';
import type { HeartbeatServices } from '../../balancer/loads.ts';
import type { Member } from '../../balancer/member.ts';
import type { SessionSearch } from '../../balancer/stickiness.ts';
import type { Log } from '../../base/log.ts';
import type { Link } from '../../link/link.ts';
import { dataBytesMax } from '../../wire/ajp/constants.ts';
import { Backend, type Resolve } from './backend.ts';

/** What attempts need of a balancer. */
export interface ProxiedTarget {
  readonly balancer: Balancer;
  /** The one in force: where a request in progress looks for another member. */
  readonly latest: ProxiedTarget;
  /** Some member speaks HTTP. */
  readonly speaksHttp: boolean;
  /** Octets of a body that go to an AJP member unasked: the largest first packet of any of them. */
  readonly firstPacketBytes: number;
  backendOf(member: Member): Backend;
  checkRoute(member: Member, setCookie: string): void;
}

/** What a balancer at work needs. */
export interface ProxiedServices {
  readonly link: Link;
  readonly log: Log;
  readonly resolve: Resolve;
  readonly heartbeats?: HeartbeatServices | undefined;
  /** For workers of mod_jk. */
  readonly maintenance?: Maintenance | undefined;
}

export class ProxiedBalancer implements ProxiedTarget {
  readonly balancer: Balancer;
  readonly finder: SessionSearch | undefined;
  /** Some member speaks HTTP. */
  readonly speaksHttp: boolean;
  readonly firstPacketBytes: number;
  readonly #backends: readonly Backend[];
  readonly #log: Log;
  /** Backends that a later balancer of this name goes on using. */
  #handedOn: ReadonlySet<Backend> = new Set();
  /** What took this one's place, after a change at run time or a reload. */
  #successor: ProxiedBalancer | undefined = undefined;
  /** Members already reported, by URL and the foreign route. */
  readonly #reported: Set<string>;

  /** With `previous`, members of the same URL and parameters keep their connections, and all keep their state. */
  constructor(config: BalancerConfig, services: ProxiedServices, previous?: ProxiedBalancer) {
    const { link, resolve, log, heartbeats, maintenance } = services;
    this.balancer = Balancer.from(config, { clock: link.clock, log, heartbeats, maintenance }, previous?.balancer);
    this.finder = this.balancer.sessions;
    this.speaksHttp = config.members.some((member) => member.scheme !== 'ajp');
    this.#log = log;
    this.#reported = previous === undefined ? new Set() : previous.#reported;
    const before = previous === undefined ? [] : previous.#backends;
    const kept = new Map(before.map((backend) => [identity(backend.config), backend]));
    this.#backends = config.members.map(
      (member) => kept.get(identity(member)) ?? new Backend(member, link, resolve, log),
    );
    this.firstPacketBytes = dataBytesMax(Math.max(0, ...this.#backends.map((backend) => backend.ajpPacketBytes)));
    if (previous === undefined) return;
    previous.#handedOn = new Set(this.#backends);
    previous.#successor = this;
  }

  /** This balancer for a request that is not sent: whatever it elects and counts changes nothing. */
  rehearse(): ProxiedTarget {
    const target: ProxiedTarget = {
      balancer: this.balancer.rehearse(),
      get latest() {
        return target;
      },
      speaksHttp: this.speaksHttp,
      firstPacketBytes: this.firstPacketBytes,
      backendOf: (member) => this.backendOf(member),
      checkRoute: () => {},
    };
    return target;
  }

  get latest(): ProxiedBalancer {
    let latest: ProxiedBalancer = this;
    while (latest.#successor !== undefined) latest = latest.#successor;
    return latest;
  }

  backendOf(member: Member): Backend {
    return this.#backends[member.index];
  }

  /** Nobody new comes: connections are closed as they become idle, but for those that a successor goes on using. */
  retire(): void {
    for (const backend of this.#backends) if (!this.#handedOn.has(backend)) backend.retire();
  }

  /** worker.maintain: what is due of the balancer, and idle connections are asked whether they live. */
  maintain(): void {
    this.balancer.maintain();
    for (const backend of this.#backends) backend.askIdle();
  }

  /** Closes connections that have been idle beyond their ttl. */
  closeOld(): void {
    for (const backend of this.#backends) backend.pool.closeOld();
  }

  /**
   * A response sets the session cookie: its id must carry the route that the balancer knows the member by, or the
   * session will be sent elsewhere. Said once per member and route.
   */
  checkRoute(member: Member, setCookie: string): void {
    const { stickiness } = this.balancer.config;
    if (stickiness === undefined || member.config.route === '' || stickiness.separator === undefined) return;
    const name = stickiness.cookieName;
    if (!setCookie.startsWith(name) || setCookie.charAt(name.length) !== '=') return;
    const end = setCookie.indexOf(';');
    const id = setCookie.slice(name.length + 1, end < 0 ? undefined : end).replaceAll('"', '');
    const dot = id.indexOf(stickiness.separator);
    const route = dot < 0 ? '' : id.slice(dot + 1);
    if (id === '' || route === member.config.route) return;
    const key = `${member.config.url} ${route}`;
    if (this.#reported.has(key) || this.#reported.size > 1000) return;
    this.#reported.add(key);
    this.#log.warn('route-mismatch', {
      balancer: this.balancer.config.name,
      member: member.config.url,
      configuredRoute: member.config.route,
      cookieRoute: route === '' ? '(none)' : route,
      cookie: name,
      mend: `give the application server jvmRoute="${member.config.route}", or the member route=${route === '' ? '…' : route}`,
    });
  }
}

/** All that connections depend on: not the line of the file that says so, nor what only elections and checks look at. */
function identity(member: MemberConfig): string {
  const { place, written, loadFactor, set, route, redirect, flags, retryMs, healthCheck, lb, ...rest } = member;
  return JSON.stringify([rest, lb?.name, lb?.tries]);
}
