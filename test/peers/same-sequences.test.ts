// The rule that makes Catflap a replacement: beside a live httpd, under random weights, routes and failures, it chooses
// the same members and answers with the same status. SEED=N repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { chosenSeed, randomFrom } from '../support/random.ts';
import { playSideBySide } from '../support/side-by-side.ts';

const isLong = process.env.CATFLAP_LONG === '1';
const PLANS = isLong ? 500 : 30;
/** A slow machine plays fewer plans, but no fewer than this. */
const PLANS_AT_LEAST = isLong ? PLANS : 6;
const ENOUGH_MS = 60_000;
const EVENTS = isLong ? 200 : 100;

test('Catflap and httpd side by side choose the same members', needs('httpd'), async (t) => {
  const seed = chosenSeed();
  t.diagnostic(`seed ${seed}`);
  let asked = 0;
  let plan = 0;
  const start = performance.now();
  const isEnough = () => !isLong && plan >= PLANS_AT_LEAST && performance.now() - start > ENOUGH_MS;
  for (; plan < PLANS && !isEnough(); plan++) {
    const { configuration, difference, answers } = await playSideBySide(
      randomFrom(seed + plan),
      [UNDER_TEST, 'httpd'],
      EVENTS,
    );
    asked += answers.length;
    if (difference === undefined) continue;
    const { at, event, first, second, before } = difference;
    assert.fail(
      `SEED=${seed + plan}: event ${at} ${JSON.stringify(event)}\n${UNDER_TEST} answers ${first}, httpd ${second}\n` +
        `before: ${before}\n${configuration}`,
    );
  }
  t.diagnostic(`${asked} answers in ${plan} balancers are the same`);
});
