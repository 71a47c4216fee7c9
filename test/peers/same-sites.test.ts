// Beside a live httpd, whole sites by chance: the same file, the same requests and failures, and the same answers, with
// the same things asked of the backends. SEED=N repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { chosenSeed, randomFrom } from '../support/random.ts';
import { playSite } from '../support/sites-side-by-side.ts';

const isLong = process.env.CATFLAP_LONG === '1';
const SITES = isLong ? 1000 : 25;
/** A slow machine plays fewer sites, but no fewer than this. */
const SITES_AT_LEAST = isLong ? SITES : 6;
const ENOUGH_MS = 45_000;
const EVENTS = isLong ? 150 : 80;

test('random sites are served as httpd serves them', needs('httpd'), async (t) => {
  const seed = chosenSeed();
  t.diagnostic(`seed ${seed}`);
  let asked = 0;
  let played = 0;
  const start = performance.now();
  const isEnough = () => !isLong && played >= SITES_AT_LEAST && performance.now() - start > ENOUGH_MS;
  for (; played < SITES && !isEnough(); played++) {
    const { difference, answers } = await playSite(randomFrom(seed + played), [UNDER_TEST, 'httpd'], EVENTS);
    asked += answers.length;
    if (difference === undefined) continue;
    const { configuration, request, first, second } = difference;
    assert.fail(
      `SEED=${seed + played}: ${JSON.stringify(request)}\n${UNDER_TEST} ${first}\nhttpd ${second}\n\n${configuration}`,
    );
  }
  // Now and then chance makes a site that neither server starts with.
  assert.ok(asked > played * EVENTS * 0.15, `only ${asked} answers of ${played} sites`);
  t.diagnostic(`${asked} answers of ${played} sites are the same`);
});
