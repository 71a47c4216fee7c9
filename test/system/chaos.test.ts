// Garbage for every open port (HTTP, TLS, PROXY protocol, heartbeats, control socket) while honest clients are served:
// nobody is let down, nothing is left behind, nothing in the program is surprised. SEED=N repeats a run.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { playChaos, startChaos, stopChaos } from '../support/chaos.ts';
import { PROJECT } from '../support/front.ts';
import { chosenSeed, randomFrom } from '../support/random.ts';

const ROUNDS = process.env.CATFLAP_LONG === '1' ? 40_000 : 3000;

test(`${ROUNDS} rude clients at all ports do no harm to the honest ones, and leave nothing behind`, async (t) => {
  const seed = chosenSeed();
  t.diagnostic(`seed ${seed}`);
  const place = await startChaos('catflap');
  try {
    assert.deepEqual(await playChaos(place, randomFrom(seed), ROUNDS), [], `SEED=${seed}`);
  } finally {
    await stopChaos(place);
  }
});

test('what a program leaves behind is found: descriptors, memory, a fault in its log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'planted-'));
  const plant = join(folder, 'plant.mjs');
  writeFileSync(
    plant,
    `import { openSync } from 'node:fs';
const kept = [];
setInterval(() => { openSync('/dev/null'); kept.push(Buffer.alloc(4 * 1024 * 1024, 1)); }, 20).unref();
setTimeout(() => console.error(new Error('planted').stack), 500).unref();
`,
  );
  const program = `${process.execPath} --disable-sigusr1 --import ${plant} ${join(PROJECT, 'bin/catflap.mjs')}`;
  const place = await startChaos(`${program} front -d @DIR@ -f @CONF@`);
  try {
    const wrong = (await playChaos(place, randomFrom(1), 600)).join('\n');
    assert.match(wrong, /descriptors more than before/);
    assert.match(wrong, /memory grew/);
    assert.match(wrong, /a fault in the log: \s+at /);
  } finally {
    await stopChaos(place);
    rmSync(folder, { recursive: true });
  }
});
