// Whatever a backend does, at whatever stage: the client gets the right status or a cut body, and the next request is sound.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FakeBackends } from '../support/fake-backends.ts';
import { askThrough, FAULTS, inShort, startFaultFront, wrongAfterwards } from '../support/faults.ts';
import { type Front, UNDER_TEST } from '../support/front.ts';

describe('a backend that', () => {
  let backends: FakeBackends;
  let front: Front;
  before(async () => {
    backends = await FakeBackends.start();
    front = await startFaultFront(UNDER_TEST, backends);
  });
  after(async () => {
    await front.stop();
    await backends.stop();
  });

  for (const fault of FAULTS) {
    for (const [way, who] of [
      ['one', 'stands alone'],
      ['two', 'has a sound one beside it'],
      ['post', 'is sent a body'],
    ] as const) {
      test(`${fault.name} over ${fault.protocol}: ${fault[way]} when it ${who}`, async () => {
        assert.equal(inShort(await askThrough(front, backends, fault, way)), fault[way]);
        assert.equal(await wrongAfterwards(front, fault), undefined);
        assert.equal(front.child.hasEnded, false);
      });
    }
  }
});
