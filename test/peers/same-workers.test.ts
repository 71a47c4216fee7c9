// Beside a live mod_jk, under random workers.properties, rules, routes and failures, Catflap asks the same members as
// often and answers with the same status. SEED=N repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JkTexts } from '../support/jk.ts';
import { playJkSideBySide } from '../support/jk-side-by-side.ts';
import { needs } from '../support/peers.ts';
import { randomFrom } from '../support/random.ts';

const isLong = process.env.CATFLAP_LONG === '1';
/** Plans in which a planted fault shows: one of them has what it needs. */
const PLANTED_PLANS = 10;
const EVENTS = isLong ? 200 : 80;

for (const [fault, line] of [
  ['a member that gets a larger share', 'worker.xa.lbfactor=5\nworker.a.lbfactor=5\n'],
  ['sessions that are not looked for', 'worker.x.sticky_session=0\n'],
  ['a member that is tried once less', 'worker.xb.retries=1\nworker.b.retries=1\n'],
] as const)
  test(`the checker finds ${fault}`, needs('httpd', 'mod_jk'), async () => {
    for (let seed = 0; seed < PLANTED_PLANS; seed++) {
      const alter = (texts: JkTexts) => ({ ...texts, workers: texts.workers + line });
      const { difference } = await playJkSideBySide(randomFrom(seed), ['httpd', 'httpd'], EVENTS, alter);
      if (difference !== undefined) return;
    }
    assert.fail(`not in ${PLANTED_PLANS} plans`);
  });

test('two mod_jk side by side choose the same members', needs('httpd', 'mod_jk'), async () => {
  for (let seed = 100; seed < 105; seed++)
    assert.equal((await playJkSideBySide(randomFrom(seed), ['httpd', 'httpd'], EVENTS)).difference, undefined);
});
