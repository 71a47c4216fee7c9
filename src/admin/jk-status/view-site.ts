// The view of a running site: all workers that rules may name, with what is configured, what was changed since, and what
// was counted. Every status worker shows all of them, as in mod_jk.

import type { MemberConfig } from '../../balancer/config.ts';
import { triesOf } from '../../balancer/lb/defaults.ts';
import { balancerFigures, type MemberFigures, memberFigures } from '../../balancer/lb/figures.ts';
import type { LbMemberConfig } from '../../balancer/lb-config.ts';
import type { Member } from '../../balancer/member.ts';
import type { RunningSite } from '../../frontend/running-site.ts';
import type { ProxiedBalancer } from '../../frontend/upstream/proxied-balancer.ts';
import type { AjpWorker, JkSite, JkWorker, LbWorker, StatusWorkerSettings } from '../../site/jk/model-jk.ts';
import type { Addresses } from './addresses.ts';
import { type MapsOf, mapsOfSite } from './maps.ts';
import { rate } from './ratings.ts';
import type { AjpView, JkStatusView, LbView, MemberView, TomcatView, WorkerView } from './view.ts';

/** What a view needs beside the site. */
export interface ViewSources {
  readonly site: RunningSite;
  readonly jk: JkSite;
  readonly settings: StatusWorkerSettings;
  readonly addresses: Addresses;
  readonly serverName: string;
  readonly serverPort: number;
  /** Seconds since 1970. */
  readonly now: number;
}

/** Shown for monitors that look for the version whose formats these are. */
const JK_VERSION = 'mod_jk/1.2.48';

/** @param webServer how the server calls itself */
export function viewSite(sources: ViewSources, webServer: string): JkStatusView {
  const { jk, serverName, serverPort, now } = sources;
  const maps = mapsOfSite(sources.site);
  return {
    serverName,
    serverPort,
    now,
    webServer: `${webServer} ${JK_VERSION}`,
    jkVersion: JK_VERSION,
    workers: [...jk.workers.values()].map((worker) => viewWorker(worker, sources, maps)),
    dump: jk.dump,
  };
}

/** Hosts that Tomcats are dialled at: those whose addresses a page shows. */
export function hostsOf(site: RunningSite, jk: JkSite): string[] {
  return [...jk.workers.values()].flatMap((worker) => {
    const running = worker.kind === 'status' ? undefined : site.balancer(worker.balancer);
    if (running === undefined) return [];
    return running.balancer.members.map((member) => dialled(running, member).host);
  });
}

function viewWorker(worker: JkWorker, sources: ViewSources, maps: MapsOf): WorkerView {
  const running = worker.kind === 'status' ? undefined : sources.site.balancer(worker.balancer);
  if (worker.kind === 'status' || running === undefined) return { kind: 'other', name: worker.name };
  return worker.kind === 'lb' ? viewLb(worker, running, sources, maps) : viewAjp(worker, running, sources, maps);
}

function viewLb({ name }: LbWorker, running: ProxiedBalancer, sources: ViewSources, maps: MapsOf): LbView {
  const { balancer } = running;
  const { config } = balancer;
  const { lb } = config;
  const figures = balancerFigures(balancer);
  const members = balancer.members.map((member) => viewMember(running, member, sources));
  const rated = (kind: ReturnType<typeof rate>) =>
    members.filter((member) => rate(sources.settings, member) === kind).length;
  return {
    kind: 'lb',
    name,
    isSticky: config.stickiness !== undefined,
    isForced: (config.stickiness ?? config.dormantStickiness)?.force === true,
    retries: lb?.retries ?? 0,
    retryIntervalMs: lb?.retryIntervalMs ?? 0,
    recoverSeconds: seconds(lb?.recoverMs),
    escalationSeconds: seconds(lb?.errorEscalationMs),
    maxReplyTimeouts: lb?.maxReplyTimeouts ?? 0,
    method: lb?.method ?? 'request',
    lock: lb?.lock ?? 'optimistic',
    good: rated('good'),
    degraded: rated('degraded'),
    bad: rated('bad'),
    busy: figures.busy,
    maxBusy: figures.maxBusy,
    maintenanceMinSeconds: figures.timeToMaintenanceMin,
    maintenanceMaxSeconds: figures.timeToMaintenanceMax,
    lastResetAt: sources.now - figures.lastResetAgo,
    members,
    maps: maps(name),
  };
}

function viewMember(running: ProxiedBalancer, member: Member, sources: ViewSources): MemberView {
  const { config } = member;
  const lb = lbOf(config);
  const figures = figuresOf(running, member);
  return {
    ...viewTomcat(running, member, lb.name, figures, sources),
    activation: lb.activation,
    factor: lb.factor,
    route: config.route,
    redirect: config.redirect,
    domain: lb.domain,
    distance: config.set,
    mult: figures.lbMult,
    value: figures.lbValue,
    sessions: figures.sessions,
    recoverMinSeconds: figures.timeToRecoverMin,
    recoverMaxSeconds: figures.timeToRecoverMax,
  };
}

function viewAjp({ name }: AjpWorker, running: ProxiedBalancer, sources: ViewSources, maps: MapsOf): AjpView {
  const [member] = running.balancer.members;
  return {
    ...viewTomcat(running, member, name, figuresOf(running, member), sources),
    kind: 'ajp',
    maps: maps(name),
  };
}

function figuresOf(running: ProxiedBalancer, member: Member): MemberFigures {
  const { pool } = running.backendOf(member);
  return memberFigures(running.balancer, member, { connected: pool.open, maxConnected: pool.openMax });
}

function viewTomcat(
  running: ProxiedBalancer,
  member: Member,
  name: string,
  figures: MemberFigures,
  { addresses, now }: ViewSources,
): TomcatView {
  const { config } = member;
  const { type, tries } = lbOf(config);
  const { host, port } = dialled(running, member);
  const address = addresses.get(host);
  return {
    name,
    type,
    host: config.host,
    port: config.port,
    address: config.port === 0 ? 'invalid' : address === undefined ? 'unresolved' : `${address}:${port}`,
    source: config.localAddress ?? 'undefined',
    poolTimeoutSeconds: seconds(config.pool.ttlMs),
    pingTimeoutMs: tries.pingTimeoutMs,
    connectTimeoutMs: tries.connectPingMs,
    prepostTimeoutMs: tries.prepostPingMs,
    replyTimeoutMs: tries.replyTimeoutMs,
    retries: tries.retries,
    retryIntervalMs: tries.retryIntervalMs,
    pingIntervalSeconds: seconds(tries.idlePingMs),
    recoveryOptions: tries.recoveryOptions,
    busyLimit: tries.busyLimit,
    maxPacketSize: config.ioBufferSize ?? PACKET_SIZE,
    used: figures.elected,
    errors: figures.errors,
    clientErrors: figures.clientErrors,
    replyTimeouts: figures.replyTimeouts,
    transferred: figures.transferred,
    read: figures.read,
    busy: figures.busy,
    maxBusy: figures.maxBusy,
    connected: figures.connected,
    maxConnected: figures.maxConnected,
    lastResetAt: now - figures.lastResetAgo,
    errorAt: figures.errorAgo === undefined ? undefined : now - figures.errorAgo,
    state: figures.state,
  };
}

const PACKET_SIZE = 8192;

/** Where the member is really dialled. */
function dialled(running: ProxiedBalancer, member: Member): { readonly host: string; readonly port: number } {
  const { address } = running.backendOf(member);
  return address.kind === 'tcp' ? address : { host: member.config.host, port: member.config.port };
}

/** Members of workers of mod_jk have it; the defaults are for types alone. */
function lbOf(config: MemberConfig): LbMemberConfig {
  return (
    config.lb ?? {
      name: config.url,
      type: 'ajp13',
      activation: 'active',
      factor: 1,
      domain: '',
      tries: triesOf(config),
    }
  );
}

function seconds(ms: number | undefined): number {
  return Math.floor((ms ?? 0) / 1000);
}
