// Beside a live httpd, under random mappings (prefixes, patterns, sections, balancers; nocanon, noquery, interpolate,
// mapping=, AllowEncodedSlashes, MergeSlashes) and odd URLs, backends are asked for the same. SEED=N repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNDER_TEST } from '../support/front.ts';
import { compareMappings } from '../support/mapping-plans.ts';
import { needs } from '../support/peers.ts';
import { chosenSeed, randomFrom } from '../support/random.ts';

const isLong = process.env.CATFLAP_LONG === '1';
const PLANS = isLong ? 60 : 4;
const QUESTIONS = 400;

// ProxyPass, ProxyPassMatch, ProxyPassInterpolateEnv, AllowEncodedSlashes, MergeSlashes
test('Catflap and httpd side by side map URLs to the same', needs('httpd'), async (t) => {
  const seed = chosenSeed();
  t.diagnostic(`seed ${seed}`);
  let proxied = 0;
  for (let plan = 0; plan < PLANS; plan++) {
    const compared = await compareMappings(randomFrom(seed + plan), [UNDER_TEST, 'httpd'], QUESTIONS);
    proxied += compared.proxied;
    const [difference] = compared.differences;
    if (difference === undefined) continue;
    const { host, target, variable, first, second } = difference;
    assert.fail(
      `SEED=${seed + plan}: ${target} with VAR=${variable}\n${UNDER_TEST} answers ${first}\nhttpd answers ${second}\n${host}`,
    );
  }
  assert.ok(proxied > PLANS * 40, `${proxied} requests were proxied`);
  t.diagnostic(`${PLANS * QUESTIONS} requests, of them ${proxied} proxied, come to the same`);
});
