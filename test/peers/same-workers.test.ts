// Beside a live mod_jk, under random workers.properties, rules, routes and failures, Catflap asks the same members as
// often and answers with the same status. SEED=N repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNDER_TEST } from '../support/front.ts';
import type { JkTexts } from '../support/jk.ts';
import { playJkSideBySide } from '../support/jk-side-by-side.ts';
import { needs } from '../support/peers.ts';
import { chosenSeed, randomFrom } from '../support/random.ts';

const isLong = process.env.CATFLAP_LONG === '1';
const PLANS = isLong ? 500 : 25;
/** A slow machine plays fewer plans, but no fewer than this. */
const PLANS_AT_LEAST = isLong ? PLANS : 6;
const ENOUGH_MS = 40_000;
/** Plans in which a planted fault shows: one of them has what it needs. */
const PLANTED_PLANS = 30;
const EVENTS = isLong ? 200 : 80;

for (const [fault, line] of [
  ['a member that gets a larger share', 'worker.xa.lbfactor=5\nworker.a.lbfactor=5\n'],
  ['sessions that are not looked for', 'worker.x.sticky_session=0\n'],
  ['a member that is tried more often', 'worker.xa.retries=5\nworker.a.retries=5\n'],
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

test('Catflap and mod_jk side by side choose the same members', needs('httpd', 'mod_jk'), async (t) => {
  const seed = chosenSeed();
  t.diagnostic(`seed ${seed}`);
  let asked = 0;
  let plan = 0;
  const play = (number: number) => playJkSideBySide(randomFrom(seed + number), [UNDER_TEST, 'httpd'], EVENTS);
  const start = performance.now();
  const isEnough = () => !isLong && plan >= PLANS_AT_LEAST && performance.now() - start > ENOUGH_MS;
  for (; plan < PLANS && !isEnough(); plan++) {
    const once = await play(plan);
    // On a busy machine a connection is closed sooner or later than a request comes: what differs has to differ again.
    const { files, difference, answers } = once.difference === undefined ? once : await play(plan);
    if (once.difference !== undefined && difference === undefined) t.diagnostic(`SEED=${seed + plan} differed once`);
    asked += answers.length;
    if (difference === undefined) continue;
    const { at, event, first, second, before } = difference;
    assert.fail(
      `SEED=${seed + plan}: event ${at} ${JSON.stringify(event)}\n${UNDER_TEST} answers ${first}, mod_jk ${second}\n` +
        `before: ${before}\n${files}`,
    );
  }
  t.diagnostic(`${asked} answers in ${plan} plans are the same`);
});
