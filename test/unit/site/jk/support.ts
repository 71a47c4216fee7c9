// Reading a workers.properties from text, for the tests of this story.

import assert from 'node:assert/strict';
import type { BalancerConfig, MemberConfig } from '../../../../src/balancer/config.ts';
import { MemoryFiles } from '../../../../src/config/files.ts';
import { Findings, formatFinding } from '../../../../src/config/finding.ts';
import { type ReadWorkers, readWorkers, type WorkerSources } from '../../../../src/site/jk/workers.ts';

export interface Loaded extends ReadWorkers {
  readonly findings: Findings;
}

/** Reads `text` as /srv/w.properties, which line 1 of /srv/httpd.conf names. */
export function workers(text: string | undefined, choices: Partial<WorkerSources> = {}): Loaded {
  const findings = new Findings();
  const read = readWorkers({
    lines: [],
    file: { path: '/srv/w.properties', place: { file: '/srv/httpd.conf', line: 1 } },
    serverRoot: '/srv',
    environment: {},
    probeMs: 0,
    watchdogMs: 0,
    log: { file: undefined, level: 'info', stampFormat: '' },
    files: new MemoryFiles(text === undefined ? {} : { '/srv/w.properties': text }),
    place: { file: '/srv/httpd.conf', line: 0 },
    findings,
    ...choices,
  });
  return { ...read, findings };
}

/** Reads and demands that nothing is wrong, nor even doubtful. */
export function clean(text: string, choices: Partial<WorkerSources> = {}): Loaded {
  const loaded = workers(text, choices);
  assert.deepEqual(loaded.findings.list.map(formatFinding), []);
  return loaded;
}

/** The balancer of an lb `lb` with the members `a` and `b`, to which `text` adds. */
export function lbOf(text: string, choices: Partial<WorkerSources> = {}): BalancerConfig {
  return balancerIn(clean(`${PAIR}${text}`, choices), 'lb');
}

export function balancerIn(loaded: Loaded, name: string): BalancerConfig {
  const balancer = loaded.balancers.get(`jk:${name}`);
  assert.ok(balancer, `there is no balancer of ${name}`);
  return balancer;
}

/** The member `a` of that lb. */
export function memberOf(text: string): MemberConfig {
  return lbOf(text).members[0];
}

/** Findings as `severity code line`. */
export function told({ findings }: Loaded): string[] {
  return findings.list.map(({ severity, code, line }) => `${severity} ${code} ${line}`);
}

/** The message of the only finding. */
export function onlyMessage({ findings }: Loaded): string {
  assert.equal(findings.list.length, 1, findings.list.map(formatFinding).join('\n'));
  return findings.list[0].message;
}

/** Five lines: an lb of two. */
export const PAIR = `worker.list=lb
worker.lb.type=lb
worker.lb.balance_workers=a,b
worker.a.host=one.test
worker.b.host=two.test
`;
