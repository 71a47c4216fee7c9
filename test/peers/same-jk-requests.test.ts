// Beside a live mod_jk, under random options, a Tomcat is sent the same octets, and a client gets the same answer. SEED=N
// repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNDER_TEST } from '../support/front.ts';
import { compareRequests } from '../support/jk-request-plans.ts';
import { needs } from '../support/peers.ts';
import { chosenSeed, randomFrom } from '../support/random.ts';

const isLong = process.env.CATFLAP_LONG === '1';
const PLANS = isLong ? 100 : 3;
const QUESTIONS = 60;

// JkOptions, JkEnvVar, JkExtractSSL, UseCanonicalName, UseCanonicalPhysicalPort, AllowEncodedSlashes
test('Catflap and mod_jk side by side send Tomcat the same octets', needs('httpd', 'mod_jk'), async (t) => {
  const seed = chosenSeed();
  t.diagnostic(`seed ${seed}`);
  for (let plan = 0; plan < PLANS; plan++) {
    const { difference } = await compareRequests(randomFrom(seed + plan), [UNDER_TEST, 'httpd'], QUESTIONS);
    if (difference === undefined) continue;
    const { options, request, first, second } = difference;
    assert.equal(first, second, `SEED=${seed + plan}\n${options}\n${JSON.stringify(request)}`);
  }
});
