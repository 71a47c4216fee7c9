// The recordings of httpd 2.4.71 held against loading and mapping: what it refused is refused, what it started loads, and
// every recorded mapping of a path leads to the same answer. Ids as in the recordings.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatFinding } from '../../../src/config/finding.ts';
import { ask, load, site } from './support.ts';

interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly replay: 'full' | 'partial' | 'startup-error';
  readonly config: string;
  readonly files?: Record<string, string>;
  readonly steps: readonly Step[];
  readonly observed: readonly Observation[];
}

interface Step {
  readonly seq?: number;
  readonly req?: { readonly path: string; readonly host?: string; readonly headers?: readonly [string, string][] };
}

interface Observation {
  readonly status?: number;
  readonly member?: string;
  readonly backend_saw?: { readonly target?: string; readonly uri?: string };
}

/** The files a scenario brings, where the server's root is. */
function filesOf(scenario: Scenario): Record<string, string> {
  return Object.fromEntries(Object.entries(scenario.files ?? {}).map(([name, text]) => [`/srv/${name}`, text]));
}

const file = new URL('../../data/behaviours/modproxy.json', import.meta.url);
const scenarios = (JSON.parse(readFileSync(file, 'utf8')) as { scenarios: Scenario[] }).scenarios.filter((one) =>
  one.id.startsWith('P-'),
);

test('there are recordings of every kind that this suite reads', () => {
  for (const kind of ['P-CFG', 'P-CONF', 'P-MAP', 'P-ACL', 'P-SHARE', 'P-STA'])
    assert.ok(
      scenarios.some((one) => one.id.startsWith(kind)),
      kind,
    );
});

for (const scenario of scenarios.filter((one) => one.replay === 'startup-error'))
  test(`${scenario.id}: ${scenario.title} is refused with place, value and mend`, () => {
    const { snapshot, findings } = load(scenario.config, filesOf(scenario));
    assert.equal(snapshot, undefined);
    const errors = findings.filter((one) => one.severity === 'error');
    assert.equal(errors.length, 1);
    assert.match(formatFinding(errors[0]), /^\/srv\/httpd\.conf:\d+: error: \S+: .{15,}/);
  });

for (const scenario of scenarios.filter((one) => one.replay !== 'startup-error'))
  test(`${scenario.id}: ${scenario.title} loads`, () => {
    const { findings, snapshot } = load(scenario.config, filesOf(scenario));
    assert.ok(snapshot, findings.map(formatFinding).join('\n'));
  });

const mapped = scenarios.filter((one) => /^P-(MAP|CONF|SHARE)/.test(one.id) && one.replay === 'full');

for (const scenario of mapped)
  for (const [i, step] of scenario.steps.entries()) {
    const { req } = step;
    const want = scenario.observed[i];
    if (req === undefined || step.seq !== undefined || want === undefined) continue;
    test(`${scenario.id}: ${req.path} comes to ${want.status} ${want.backend_saw?.target ?? want.backend_saw?.uri ?? ''}`, () => {
      // SetEnvIf is another room's; P-MAP-20 sets TGT from X-T.
      const env = Object.fromEntries(
        (req.headers ?? []).filter(([name]) => name === 'X-T').map(([, value]) => ['TGT', value]),
      );
      const got = ask(site(scenario.config, filesOf(scenario)), req.path, req.host, env);
      assert.equal(got.status, want.status);
      if (want.backend_saw?.target !== undefined) assert.equal(got.target, want.backend_saw.target);
      if (want.backend_saw?.uri !== undefined) assert.equal(got.target?.split('?')[0], want.backend_saw.uri);
      if (want.member !== undefined) assert.equal((got.port ?? 0) % 100, 'abcd'.indexOf(want.member) + 1);
    });
  }
