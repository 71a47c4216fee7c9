// Beside a live httpd, under random manners of the proxy and its variables, a backend of HTTP is told the same, and a
// client hears the same of its answer. SEED=N repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNDER_TEST } from '../support/front.ts';
import { compareHeads } from '../support/head-plans.ts';
import { needs } from '../support/peers.ts';
import { chosenSeed, randomFrom } from '../support/random.ts';

const isLong = process.env.CATFLAP_LONG === '1';
const PLANS = isLong ? 100 : 3;
const QUESTIONS = 60;

// ProxyVia, ProxyAddHeaders, ProxyPreserveHost, Proxy100Continue, ProxyMaxForwards, ProxyErrorOverride,
// ProxyPassReverse, ProxyPassReverseCookiePath, ProxyPassReverseCookieDomain
test('Catflap and httpd side by side tell backends and clients the same', needs('httpd'), async (t) => {
  const seed = chosenSeed();
  t.diagnostic(`seed ${seed}`);
  for (let plan = 0; plan < PLANS; plan++) {
    const { differences } = await compareHeads(randomFrom(seed + plan), [UNDER_TEST, 'httpd'], QUESTIONS);
    const [difference] = differences;
    if (difference === undefined) continue;
    const { ask, answer, manners, first, second } = difference;
    assert.equal(first, second, `SEED=${seed + plan}\n${manners}\n${ask}${answer}`);
  }
});
