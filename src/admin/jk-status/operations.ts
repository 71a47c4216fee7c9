// What update, reset and recover do. Configuration goes through the site's overlay and is in force at once; counters and
// states are the engine's.

import type { Balancer } from '../../balancer/balancer.ts';
import { activationsChanged, recoverMember, resetBalancer, resetMember } from '../../balancer/lb/figures.ts';
import type { LbConfig } from '../../balancer/lb-config.ts';
import type { RunningSite } from '../../frontend/running-site.ts';
import type { ProxiedBalancer } from '../../frontend/upstream/proxied-balancer.ts';
import { type BalancerChanges, type MemberChanges, withLb, withMember } from '../../site/changes/overlay.ts';
import type { JkSite } from '../../site/jk/model-jk.ts';
import type { BalancerKey } from '../../site/model.ts';
import type { Addresses } from './addresses.ts';
import type { TomcatEdits } from './attributes.ts';
import { fitsName } from './checks.ts';
import { type LbEdits, readAttributeEdits, readLbEdits, readTomcatEdits } from './edits.ts';
import type { StatusQuery } from './query.ts';
import type { JkStatusView, LbView } from './view.ts';

/** Longest time that timers take, ms. */
const TIME_MAX_MS = 2_147_483_647;

export interface OperationSite {
  readonly site: RunningSite;
  readonly jk: JkSite;
  readonly view: JkStatusView;
  readonly addresses: Addresses;
}

/** Carries a command out whose worker and member are known to be there. @returns why it failed, or a part of it */
export function operate(query: StatusQuery, where: OperationSite): string | undefined {
  switch (query.command) {
    case 'update':
      return update(query, where);
    case 'reset':
      return reset(query, where);
    case 'recover':
      return recover(query, where);
    default:
      return undefined;
  }
}

// --- update -----------------------------------------------------------------------------------------------------------

function update({ parameters }: StatusQuery, where: OperationSite): string | undefined {
  const { view, addresses } = where;
  const found = workerOf(parameters, where);
  const worker = view.workers.find(({ name }) => name === parameters.get('w'));
  if (found === undefined || worker === undefined || worker.kind === 'other') return 'Update failed';
  const { site } = where;
  const isResolved = (host: string) => addresses.has(host);
  if (worker.kind === 'ajp') {
    const { edits, error } = readTomcatEdits(parameters, worker, isResolved);
    changeMembers(site, found.key, new Map([[worker.name, edits]]));
    return error;
  }
  const wanted = parameters.get('sw');
  const attribute = parameters.get('att');
  if (wanted !== undefined) return updateMembers(site, found.key, parameters, worker, wanted, isResolved);
  if (attribute === undefined) changeLb(site, found.key, readLbEdits(parameters, worker));
  else {
    const edits = readAttributeEdits(parameters, attribute, worker);
    changeMembers(site, found.key, new Map(worker.members.map(({ name }, index) => [name, edits[index]])));
  }
  return undefined;
}

/** All members that a name means; the first that fails is the last. */
function updateMembers(
  site: RunningSite,
  key: BalancerKey,
  parameters: ReadonlyMap<string, string>,
  lb: LbView,
  wanted: string,
  isResolved: (host: string) => boolean,
): string | undefined {
  const edits = new Map<string, TomcatEdits>();
  let failed: string | undefined;
  for (const member of lb.members) {
    if (failed !== undefined || !fitsName(member.name, wanted)) continue;
    const read = readTomcatEdits(parameters, member, isResolved);
    edits.set(member.name, read.edits);
    failed = read.error;
  }
  changeMembers(site, key, edits);
  return failed === undefined || !wanted.includes('*') ? failed : `${failed} Aborting further wildcard updates.`;
}

function changeLb(site: RunningSite, key: BalancerKey, edits: LbEdits): void {
  const { isSticky, isForced, recoverSeconds, escalationSeconds, ...same } = edits;
  const lb: Partial<LbConfig> = {
    ...same,
    ...(recoverSeconds !== undefined && { recoverMs: recoverSeconds * 1000 }),
    ...(escalationSeconds !== undefined && { errorEscalationMs: escalationSeconds * 1000 }),
  };
  const changes: BalancerChanges = {
    ...withLb(site.balancers.changesOf(key), lb),
    ...(isSticky !== undefined && { isSticky }),
    ...(isForced !== undefined && { force: isForced }),
  };
  if (Object.keys(edits).length > 0) site.balancers.change(key, changes);
}

/** @param edits by name of the member */
function changeMembers(site: RunningSite, key: BalancerKey, edits: ReadonlyMap<string, TomcatEdits>): void {
  const isEdited = ([, each]: readonly [string, TomcatEdits]) => Object.keys(each).length > 0;
  const real = [...edits].filter(isEdited);
  if (real.length === 0) return;
  let changes = site.balancers.changesOf(key);
  for (const [name, each] of real) changes = withMember(changes, name, memberChanges(each));
  site.balancers.change(key, changes);
  const running = site.balancer(key);
  if (running !== undefined && real.some(([, { activation }]) => activation !== undefined))
    activationsChanged(running.balancer);
}

function memberChanges(edits: TomcatEdits): MemberChanges {
  const { activation, factor, domain, host, port } = edits;
  const lb = given({ activation, factor, domain });
  const tries = given({
    pingTimeoutMs: edits.pingTimeoutMs,
    connectPingMs: edits.connectTimeoutMs,
    prepostPingMs: edits.prepostTimeoutMs,
    replyTimeoutMs: edits.replyTimeoutMs,
    retries: edits.retries,
    retryIntervalMs: edits.retryIntervalMs,
    idlePingMs: milliseconds(edits.pingIntervalSeconds),
    recoveryOptions: edits.recoveryOptions,
    busyLimit: edits.busyLimit,
  });
  return given({
    lb: someOf(lb),
    tries: someOf(tries),
    address: someOf(given({ host: host?.toLowerCase(), port })),
    pool: someOf(given({ ttlMs: milliseconds(edits.poolTimeoutSeconds) })),
    flags: activation && { drain: activation === 'disabled', stopped: activation === 'stopped' },
    loadFactor: factor === undefined ? undefined : factor * 100,
    route: edits.route,
    redirect: edits.redirect,
    set: edits.distance,
    ioBufferSize: edits.maxPacketSize,
  });
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.min(TIME_MAX_MS, seconds * 1000);
}

/** Without what is undefined. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function someOf<T extends object>(values: T): T | undefined {
  return Object.keys(values).length === 0 ? undefined : values;
}

// --- reset, recover ---------------------------------------------------------------------------------------------------

function reset({ parameters }: StatusQuery, where: OperationSite): string | undefined {
  const found = workerOf(parameters, where);
  if (found === undefined) return 'Reset failed';
  const { running, isLb } = found;
  const { balancer } = running;
  const wanted = parameters.get('sw');
  if (isLb && wanted === undefined) resetBalancer(balancer);
  for (const member of balancer.members) {
    if (wanted !== undefined && member.name !== wanted) continue;
    if (!isLb) resetCounters(balancer, member);
    else if (wanted !== undefined) resetMember(balancer, member);
    running.backendOf(member).pool.openMax = 0;
  }
  return undefined;
}

/** Of a worker without a balancer only what is counted: what is observed of it stays. */
function resetCounters({ board, clock }: Balancer, { state }: Balancer['members'][number]): void {
  board.resetCounters(state.row);
  board.resetAt[state.row] = clock.now();
}

function recover({ parameters }: StatusQuery, where: OperationSite): string | undefined {
  const found = workerOf(parameters, where);
  const member = found?.running.balancer.members.find(({ name }) => name === parameters.get('sw'));
  const isMarked = found?.isLb === true && member !== undefined && recoverMember(found.running.balancer, member);
  return isMarked ? undefined : 'Marking worker for recovery failed';
}

interface FoundWorker {
  readonly key: BalancerKey;
  readonly running: ProxiedBalancer;
  readonly isLb: boolean;
}

/** Undefined for a worker that answers pages. */
function workerOf(parameters: ReadonlyMap<string, string>, { site, jk }: OperationSite): FoundWorker | undefined {
  const worker = jk.workers.get(parameters.get('w') ?? '');
  if (worker === undefined || worker.kind === 'status') return undefined;
  const running = site.balancer(worker.balancer);
  return running && { key: worker.balancer, running, isLb: worker.kind === 'lb' };
}
