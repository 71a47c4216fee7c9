// What a manager's form asks of a member, as data: changes to its configuration, and what was asked for in vain. Ranges
// and readings are httpd's (managers.md §3; measured on 2.4.71), which ignores in silence what does not fit.

import type { HealthCheckConfig, HealthCheckMethod, MemberConfig, MemberFlags } from '../balancer/config.ts';
import { parseDuration } from '../site/arguments.ts';
import type { MemberChanges } from '../site/changes/overlay.ts';
import { HEALTH_METHODS, leadingInteger } from '../site/worker-parameters.ts';
import { leadingNumber, type Parameters } from './form.ts';

export interface MemberEdits {
  readonly changes: MemberChanges;
  /** A load factor was given: every standing of the balancer becomes its load factor. */
  readonly hasLoadFactor: boolean;
  /** The mark of failed health checks, which is no configuration; undefined: as it is. */
  readonly healthFailed: boolean | undefined;
  readonly refused: readonly string[];
}

/** Longest route, redirect, hcuri: one less than httpd's buffers. */
const MAX_TEXT = 63;
const MAX_SET = 99;
/** A check cannot come more often. */
const LEAST_INTERVAL_MS = 100;

const FLAGS: readonly (readonly [name: string, flag: keyof MemberFlags])[] = [
  ['w_status_i', 'ignoreErrors'],
  ['w_status_n', 'drain'],
  ['w_status_d', 'disabled'],
  ['w_status_h', 'standby'],
  ['w_status_r', 'spare'],
  ['w_status_s', 'stopped'],
];

/** @param expressions names that `w_he` may give, with the key that the configuration has them under */
export function readMemberEdits(
  parameters: Parameters,
  member: MemberConfig,
  isAlone: boolean,
  expressions: ReadonlyMap<string, string>,
): MemberEdits {
  const refused: string[] = [];
  const flags: Partial<Record<keyof MemberFlags, boolean>> = {};
  for (const [name, flag] of FLAGS) {
    const value = parameters.get(name);
    if (value !== undefined) flags[flag] = leadingInteger(value) !== 0;
  }
  const mark = parameters.get('w_status_c');
  const loadFactor = readLoadFactor(parameters.get('w_lf'), refused);
  return {
    changes: {
      // The only member of a balancer has no use for another factor.
      loadFactor: loadFactor !== undefined && isAlone ? 100 : loadFactor,
      set: readSet(parameters.get('w_ls'), refused),
      route: readText('w_wr', parameters, refused),
      redirect: readText('w_rr', parameters, refused),
      flags,
      healthCheck: readHealthCheck(parameters, member, expressions, refused),
    },
    hasLoadFactor: loadFactor !== undefined,
    healthFailed: mark === undefined ? undefined : leadingInteger(mark) !== 0,
    refused,
  };
}

function readLoadFactor(value: string | undefined, refused: string[]): number | undefined {
  if (value === undefined) return undefined;
  const factor = Math.trunc(leadingNumber(value) * 100);
  if (factor >= 100 && factor <= 10_000) return factor;
  refused.push(`w_lf=${value}: a load factor is a number from 1 to 100`);
  return undefined;
}

function readSet(value: string | undefined, refused: string[]): number | undefined {
  if (value === undefined) return undefined;
  const set = leadingInteger(value);
  if (set >= 0 && set <= MAX_SET) return set;
  refused.push(`w_ls=${value}: a set is a number from 0 to ${MAX_SET}`);
  return undefined;
}

/** What is too long empties the value, as in httpd. */
function readText(name: string, parameters: Parameters, refused: string[]): string | undefined {
  const value = parameters.get(name);
  if (value === undefined || value.length <= MAX_TEXT) return value;
  refused.push(`${name} has more than ${MAX_TEXT} characters and is empty now`);
  return '';
}

function readHealthCheck(
  parameters: Parameters,
  { healthCheck }: MemberConfig,
  expressions: ReadonlyMap<string, string>,
  refused: string[],
): Partial<HealthCheckConfig> {
  const method = readMethod(parameters.get('w_hm'), refused);
  const expression = parameters.get('w_he');
  const key = expression === undefined ? undefined : (expressions.get(expression) ?? '');
  if (key === '' && expression !== '') refused.push(`w_he=${expression}: no ProxyHCExpr is called so`);
  const inForce = method ?? healthCheck.method;
  const asked = {
    method,
    intervalMs: readInterval(parameters.get('w_hi'), refused),
    passes: readCount('w_hp', parameters, refused),
    fails: readCount('w_hf', parameters, refused),
    uri: readText('w_hu', parameters, refused),
    // Nothing answers that an expression could look at.
    expression: inForce === 'NONE' || inForce === 'TCP' ? '' : key,
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

function readMethod(value: string | undefined, refused: string[]): HealthCheckMethod | undefined {
  if (value === undefined) return undefined;
  const method = HEALTH_METHODS.find((name) => name === value.toUpperCase());
  if (method === undefined) refused.push(`w_hm=${value}: the methods are ${HEALTH_METHODS.join(', ')}`);
  return method;
}

function readInterval(value: string | undefined, refused: string[]): number | undefined {
  if (value === undefined) return undefined;
  const ms = parseDuration(value, 'ms');
  if (ms !== undefined && ms >= LEAST_INTERVAL_MS) return ms;
  refused.push(`w_hi=${value}: an interval is a time of at least ${LEAST_INTERVAL_MS} ms`);
  return undefined;
}

function readCount(name: string, parameters: Parameters, refused: string[]): number | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  const count = leadingInteger(value);
  if (count >= 1) return count;
  refused.push(`${name}=${value}: a number from 1 on`);
  return undefined;
}
