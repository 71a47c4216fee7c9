// Who the client is behind proxies: beside a live httpd, under random RemoteIP settings, fields and PROXY headers, Catflap
// takes the same address for the client in rules, variables, logs and toward backends. SEED=N repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { proxySideBySide } from '../support/proxy-plans.ts';
import { chosenSeed, randomFrom } from '../support/random.ts';

const isLong = process.env.CATFLAP_LONG === '1';
const PLANS = isLong ? 100 : 10;
const REQUESTS = isLong ? 300 : 80;

test('Catflap and httpd side by side see the same clients behind proxies', needs('httpd'), async (t) => {
  const seed = chosenSeed();
  t.diagnostic(`seed ${seed}`);
  let kinds = 0;
  for (let plan = 0; plan < PLANS; plan++) {
    const random = randomFrom(seed + plan);
    const { configuration, disagreements, answers } = await proxySideBySide(random, [UNDER_TEST, 'httpd'], REQUESTS);
    kinds += answers.size;
    const [one] = disagreements;
    if (one === undefined) continue;
    assert.fail(
      `SEED=${seed + plan}: ${disagreements.length} differ; ${one.request}\n` +
        `${UNDER_TEST}: ${one.first}\nhttpd: ${one.second}\n${configuration}`,
    );
  }
  t.diagnostic(`${kinds} kinds of answers in ${PLANS} configurations`);
});

test('a client that is taken for another is noticed', needs('httpd'), async () => {
  const plant = (text: string) => text.replace('RemoteIPHeader X-Forwarded-For', 'RemoteIPHeader X-Forwarded-Four');
  let noticed = 0;
  for (const seed of [1, 2, 3])
    noticed += (await proxySideBySide(randomFrom(seed), [UNDER_TEST, 'httpd'], 40, plant)).disagreements.length;
  assert.ok(noticed > 0);
});
