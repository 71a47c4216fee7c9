// What an operator sees of a frontend: its listeners, balancers with their members, and logs, as plain data in the
// control registry.

import type { Member } from '../balancer/member.ts';
import type { Cause } from '../balancer/troubles.ts';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { ControlArguments, ControlRegistry } from '../control/registry.ts';
import type { Question } from './explain/rehearsal.ts';
import type { FrontendServer } from './server.ts';
import type { ProxiedBalancer } from './upstream/proxied-balancer.ts';

export interface MemberReport {
  readonly url: string;
  /** Of a worker of workers.properties; null elsewhere. */
  readonly worker: string | null;
  readonly route: string;
  /** Words as in the managers: `Init Ok`, `Init Err`; of a worker activation and state: `disabled OK/IDLE`. */
  readonly state: string;
  readonly loadFactor: number;
  readonly set: number;
  /** Times chosen. */
  readonly elected: number;
  /** Requests in progress. */
  readonly busy: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** How long ago it went into error; null when it did not. */
  readonly errorSeconds: number | null;
  /** How often it came back from error without a success since. */
  readonly retries: number;
  /** What went wrong last, however long ago; null when nothing has. */
  readonly lastError: Cause | null;
  /** Connections to it, and requests that wait for one. */
  readonly connections: { readonly open: number; readonly idle: number; readonly waiting: number };
}

export interface BalancerReport {
  readonly name: string;
  /** `direct` for a target of ProxyPass that is no balancer; `mod_jk` for an lb worker, `mod_jk_direct` for another. */
  readonly policy: string;
  readonly method: string;
  /** Cookie of sticky sessions; null when sessions are not looked for. */
  readonly stickySession: string | null;
  readonly members: readonly MemberReport[];
}

export interface ListenersReport {
  readonly addresses: readonly { readonly address: string; readonly port: number }[];
  readonly connections: number;
  /** Requests in progress under the configuration in force. */
  readonly requests: number;
  /** Earlier configurations that still have requests in progress. */
  readonly drainingSites: number;
}

/** Registers a frontend's resources. */
export function registerFrontend(registry: ControlRegistry, server: FrontendServer, clock: Clock): void {
  registry.addResource({
    name: 'listeners',
    description: 'Addresses listened to, connections and requests.',
    read: (): ListenersReport => ({
      addresses: server.addresses,
      connections: server.connectionCount,
      requests: server.site.visitCount,
      drainingSites: server.drainingCount,
    }),
  });
  registry.addResource({
    name: 'balancers',
    description: 'Balancers and direct targets, with the state and counters of their members.',
    read: () => [...server.site.balancers].map((balancer) => reportOf(balancer, clock.now())),
  });
  registry.addOperation({
    name: 'explain',
    description: 'Why a request would be answered as it would: `url`, and `method`, `headers`, `from`, `at`.',
    run: (given) => server.explain(questionOf(given)),
  });
  registry.addResource({
    name: 'logs',
    description: 'Log lines that were dropped, by log.',
    read: () => ({ dropped: server.sinks.dropped }),
  });
}

/** @throws Failure `bad-argument` */
function questionOf({ url, method, headers = [], from, at }: ControlArguments): Question {
  const isPair = (pair: unknown) =>
    Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === 'string');
  if (typeof url !== 'string') throw new Failure('bad-argument', 'downstream', '`url` must be a text');
  if (!Array.isArray(headers) || !headers.every(isPair))
    throw new Failure('bad-argument', 'downstream', '`headers` must be a list of pairs of name and value');
  const text = (name: string, value: unknown): string | undefined => {
    if (value === undefined || typeof value === 'string') return value;
    throw new Failure('bad-argument', 'downstream', `\`${name}\` must be a text`);
  };
  return { url, headers, method: text('method', method), from: text('from', from), at: text('at', at) };
}

function reportOf(proxied: ProxiedBalancer, now: number): BalancerReport {
  const { config, members } = proxied.balancer;
  return {
    name: config.name,
    policy: config.policy,
    method: config.lb?.method ?? config.method,
    stickySession: config.stickiness?.cookieName ?? null,
    members: members.map((member) => memberReport(proxied, member, now)),
  };
}

function memberReport(proxied: ProxiedBalancer, member: Member, now: number): MemberReport {
  const { config, state } = member;
  const { pool } = proxied.backendOf(member);
  return {
    url: config.url,
    worker: config.lb?.name ?? null,
    route: config.route,
    state: proxied.balancer.policy.statusOf(member),
    loadFactor: config.loadFactor / 100,
    set: config.set,
    elected: state.elected,
    busy: state.busy,
    sentBytes: state.sentBytes,
    receivedBytes: state.receivedBytes,
    errorSeconds: state.errorAt === undefined ? null : Math.max(0, Math.round((now - state.errorAt) / 1000)),
    retries: state.retries,
    lastError: state.lastError ?? null,
    connections: { open: pool.open, idle: pool.idleCount, waiting: pool.waiting },
  };
}
