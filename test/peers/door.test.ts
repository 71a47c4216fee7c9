// Who may enter: beside a live httpd, under random rules and for random clients, Catflap lets in whom httpd lets in, and
// asks for a password where httpd asks. SEED=N repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knockSideBySide } from '../support/access-plans.ts';
import { UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { chosenSeed, randomFrom } from '../support/random.ts';

const isLong = process.env.CATFLAP_LONG === '1';
const PLANS = isLong ? 100 : 8;
const REQUESTS = isLong ? 1000 : 500;

test('Catflap and httpd side by side let in the same clients', needs('httpd'), async (t) => {
  const seed = chosenSeed();
  t.diagnostic(`seed ${seed}`);
  const total = new Map<string, number>();
  for (let plan = 0; plan < PLANS; plan++) {
    const random = randomFrom(seed + plan);
    const { configuration, differences, answers } = await knockSideBySide(random, [UNDER_TEST, 'httpd'], REQUESTS);
    for (const [kind, count] of answers) total.set(kind, (total.get(kind) ?? 0) + count);
    const [difference] = differences;
    if (difference === undefined) continue;
    const place = difference.request.path.split('/')[1];
    const rules = configuration
      .split(/(?<=^<\/\w+>\n)/m)
      .filter((section) => new RegExp(`${place}(/in)?"|f${place?.slice(1)}\\.txt"`).test(section));
    assert.fail(
      `SEED=${seed + plan}: ${differences.length} differ; ${JSON.stringify(difference.request)}\n` +
        `${UNDER_TEST} answers ${difference.first}, httpd ${difference.second}\n${rules.join('')}`,
    );
  }
  t.diagnostic(`answers: ${[...total].map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
});

test('a door that stands open for one more client is noticed', needs('httpd'), async () => {
  const plant = (text: string) => text.replaceAll('Require all denied', 'Require all granted');
  const { differences } = await knockSideBySide(randomFrom(1), [UNDER_TEST, 'httpd'], 200, plant);
  assert.ok(differences.length > 0);
});
