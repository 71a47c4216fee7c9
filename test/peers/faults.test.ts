// The table of faults proves itself: the real httpd answers as it says, but for the places that are marked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBackends } from '../support/fake-backends.ts';
import { askThrough, FAULTS, inShort, startFaultFront, wrongAfterwards } from '../support/faults.ts';
import { needs } from '../support/peers.ts';

test('httpd answers broken backends as the table of faults says', needs('httpd'), async () => {
  await using backends = await FakeBackends.start();
  await using front = await startFaultFront('httpd', backends);
  const answers: Record<string, string[]> = {};
  const table: Record<string, string[]> = {};
  for (const fault of FAULTS.filter(({ httpd }) => httpd === undefined)) {
    const title = `${fault.protocol}: ${fault.name}`;
    table[title] = [fault.one, fault.two, fault.post];
    answers[title] = [];
    for (const way of ['one', 'two', 'post'] as const) {
      answers[title]?.push(inShort(await askThrough(front, backends, fault, way)));
      assert.equal(await wrongAfterwards(front, fault), undefined, title);
    }
  }
  assert.deepEqual(answers, table);
});
