// Counting what becomes of configurations of the field.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { countCorpus, loadCorpus } from '../../../scripts/corpus.ts';

test('files of a folder load as what they are, or are refused for a reason with file and line', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'corpus-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = {
    '1.conf': 'ServerName www.example.test\n',
    '2.conf': 'Nonsense\n',
    '3.properties': '# workers\nworker.list=a\nworker.a.port=8009\n',
    '4.properties': 'worker.list=a\nworker.a.type=nonsense\n',
    '5.properties': '# rules\n!/x/static/*=a\n/x/*=a\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const outcomes = loadCorpus(folder);
  assert.deepEqual(
    outcomes.map(({ kind, refusal }) => `${kind} ${refusal === undefined ? 'loads' : 'refused'}`),
    ['httpd loads', 'httpd refused', 'workers loads', 'workers refused', 'mounts loads'],
  );
  assert.match(outcomes[1]?.refusal ?? '', /2\.conf:1: error: Nonsense: /);
  assert.match(outcomes[3]?.refusal ?? '', /4\.properties:2: error: worker\.a\.type: /);
  assert.deepEqual(
    countCorpus(outcomes).map((line) => line.replace(/\(.*?\)/, '')),
    [
      'httpd: 2 files, 1 load , 1 refused',
      'workers: 2 files, 1 load , 1 refused',
      'mounts: 1 files, 1 load , 0 refused',
    ],
  );
});
