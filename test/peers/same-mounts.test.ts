// Beside a live mod_jk, under random rules (JkMount, JkUnMount, map files, hosts that copy them) and odd paths, requests come
// to the same worker under the same URI. SEED=N repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareMounts } from '../support/mount-plans.ts';
import { needs } from '../support/peers.ts';
import { chosenSeed, randomFrom } from '../support/random.ts';

const isLong = process.env.CATFLAP_LONG === '1';
const PLANS = isLong ? 60 : 4;
const QUESTIONS = 150;

// JkMount, JkUnMount, JkMountFile, JkMountCopy, JkStripSession, JkOptions
test('Catflap and mod_jk side by side send paths to the same workers', needs('httpd', 'mod_jk'), async (t) => {
  const seed = chosenSeed();
  t.diagnostic(`seed ${seed}`);
  let forwarded = 0;
  for (let plan = 0; plan < PLANS; plan++) {
    const compared = await compareMounts(randomFrom(seed + plan), QUESTIONS);
    forwarded += compared.forwarded;
    const [difference] = compared.differences;
    if (difference === undefined) continue;
    const { host, path, ours, theirs } = difference;
    const { mounts, conf } = compared.plan.texts;
    assert.fail(
      `SEED=${seed + plan}: ${path} of ${host}\nCatflap: ${ours}\nmod_jk: ${theirs}\n${conf}\n--- map\n${mounts}`,
    );
  }
  assert.ok(forwarded > PLANS * 4, `${forwarded} requests were forwarded`);
  t.diagnostic(`${PLANS * QUESTIONS} requests, of them ${forwarded} forwarded, come to the same`);
});
