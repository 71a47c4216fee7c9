// Changes made at run time as text, for BalancerPersist: what is in force of every balancer that was changed, so that it
// beats the file at the next start, as in httpd. Read back with care: the text may be old, cut off, or anybody's.

import {
  type BalancerConfig,
  defaultMember,
  type HealthCheckConfig,
  METHOD_NAMES,
  type MemberConfig,
  type MemberFlags,
} from '../../balancer/config.ts';
import { Failure } from '../../base/failure.ts';
import type { BalancerKey, Snapshot } from '../model.ts';
import { HEALTH_METHODS } from '../worker-parameters.ts';
import { parseWorkerUrl } from '../worker-url.ts';
import {
  applyChanges,
  type BalancerChanges,
  type MemberChanges,
  NO_OVERLAY,
  type Overlay,
  pruneChanges,
  roomOf,
  stickinessIn,
  withChanges,
} from './overlay.ts';
import { stickySessionText } from './reconcile.ts';

const FORMAT = 'catflap balancer changes';
const VERSION = 1;
/** Texts in the file, in characters: more is not ours. */
const MAX_TEXT = 8192;

type Balancers = ReadonlyMap<BalancerKey, BalancerConfig>;

/** Balancers whose changes are kept over a restart: those seen by a host with BalancerPersist On. */
export function persistentKeys({ mainHost, hosts }: Snapshot): ReadonlySet<BalancerKey> {
  const persisting = [mainHost, ...hosts].filter((host) => host.persistsChanges);
  return new Set(persisting.flatMap((host) => [...host.balancers.values()]));
}

/** What is in force of the changed ones among `keys`. */
export function saveChanges(configured: Balancers, overlay: Overlay, keys: ReadonlySet<BalancerKey>): string {
  const balancers: Record<string, unknown> = {};
  for (const [key, changes] of overlay) {
    const file = configured.get(key);
    if (file === undefined || !keys.has(key)) continue;
    const config = applyChanges(file, changes);
    balancers[key] = {
      method: config.method,
      timeoutMs: config.timeoutMs,
      maxAttempts: changes.maxAttempts ?? file.maxAttempts,
      force: stickinessIn(config).force,
      stickySession: stickySessionText(config),
      members: Object.fromEntries(config.members.map((member) => [member.url, savedMember(member)])),
      added: changes.added.map((member) => member.url),
      removed: [...changes.removed],
    };
  }
  return `${JSON.stringify({ format: FORMAT, version: VERSION, balancers }, undefined, 1)}\n`;
}

function savedMember({ loadFactor, set, route, redirect, flags, healthCheck }: MemberConfig): MemberChanges {
  const { inError, healthFailed, ...wishes } = flags;
  const { template, ...checks } = healthCheck;
  return { loadFactor, set, route, redirect, flags: wishes, healthCheck: checks };
}

/**
 * The changes that a saved text makes to what the file says. What the file no longer has is left out.
 * @throws Failure `saved-changes-broken` with the reason
 */
export function restoreChanges(text: string, configured: Balancers, keys: ReadonlySet<BalancerKey>): Overlay {
  let overlay = NO_OVERLAY;
  const root = record(parse(text), 'the file');
  if (root.format !== FORMAT) broken('it is no file of changes');
  if (root.version !== VERSION) broken(`its version is ${String(root.version)}, not ${VERSION}`);
  for (const [key, saved] of Object.entries(record(root.balancers, 'balancers'))) {
    const config = configured.get(key);
    const changes = readBalancer(record(saved, key), config);
    if (config !== undefined && keys.has(key)) overlay = withChanges(overlay, key, pruneChanges(config, changes));
  }
  return overlay;
}

function readBalancer(saved: Record<string, unknown>, config: BalancerConfig | undefined): BalancerChanges {
  const own = new Set(config?.members.map((member) => member.url));
  const removed = texts(saved.removed, 'removed').filter((url) => own.has(url));
  const room = config === undefined ? 0 : roomOf(config) - own.size + removed.length;
  const added = texts(saved.added, 'added').filter((url) => !own.has(url));
  const members = Object.entries(record(saved.members, 'members'));
  return {
    method: optional(saved.method, (value) => oneOf(value, METHOD_NAMES, 'method')),
    timeoutMs: optional(saved.timeoutMs, (value) => whole(value, 0, 'timeoutMs')),
    maxAttempts: optional(saved.maxAttempts, (value) => whole(value, 0, 'maxAttempts')),
    force: optional(saved.force, (value) => truth(value, 'force')),
    stickySession: optional(saved.stickySession, (value) => string(value, 'stickySession')),
    members: new Map(members.map(([url, member]) => [url, readMember(record(member, url))])),
    added: added.slice(0, Math.max(0, room)).map(addedMember),
    removed: new Set(removed),
  };
}

function addedMember(url: string): MemberConfig {
  const parsed = parseWorkerUrl(url);
  if (!parsed.ok) return broken(parsed.problem);
  return defaultMember(parsed.address);
}

const FLAGS: readonly (keyof MemberFlags)[] = ['ignoreErrors', 'drain', 'disabled', 'stopped', 'standby', 'spare'];

function readMember(saved: Record<string, unknown>): MemberChanges {
  const flags = record(saved.flags, 'flags');
  const checks = record(saved.healthCheck, 'healthCheck');
  const healthCheck: Partial<HealthCheckConfig> = {
    method: oneOf(checks.method, HEALTH_METHODS, 'method'),
    intervalMs: whole(checks.intervalMs, 1, 'intervalMs'),
    passes: whole(checks.passes, 1, 'passes'),
    fails: whole(checks.fails, 1, 'fails'),
    uri: string(checks.uri, 'uri'),
    expression: string(checks.expression, 'expression'),
  };
  return {
    loadFactor: whole(saved.loadFactor, 100, 'loadFactor', 10_000),
    set: whole(saved.set, 0, 'set', 99),
    route: string(saved.route, 'route'),
    redirect: string(saved.redirect, 'redirect'),
    flags: Object.fromEntries(FLAGS.map((flag) => [flag, truth(flags[flag], flag)])),
    healthCheck,
  };
}

// --- values ---------------------------------------------------------------------------------------------------------

function broken(why: string): never {
  throw new Failure('saved-changes-broken', 'internal', why);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return broken((error as Error).message);
  }
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) broken(`${what} is no object`);
  return value as Record<string, unknown>;
}

function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : read(value);
}

function string(value: unknown, what: string): string {
  if (typeof value === 'string' && value.length <= MAX_TEXT) return value;
  return broken(`${what} is no text`);
}

function texts(value: unknown, what: string): string[] {
  if (!Array.isArray(value)) return broken(`${what} is no list`);
  return [...new Set(value.map((each) => string(each, what)))];
}

function truth(value: unknown, what: string): boolean {
  return typeof value === 'boolean' ? value : broken(`${what} is neither true nor false`);
}

function whole(value: unknown, least: number, what: string, most: number = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  return broken(`${what} is no number from ${least} to ${most}`);
}

function oneOf<T extends string>(value: unknown, words: readonly T[], what: string): T {
  return words.find((word) => word === value) ?? broken(`${what} is none of ${words.join(', ')}`);
}
