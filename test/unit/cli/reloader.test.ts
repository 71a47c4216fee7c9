// Wishes for reloads: one at a time, several become one, and what went wrong is kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { Failure } from '../../../src/base/failure.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { Reloader } from '../../../src/cli/reloader.ts';

class Lab {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog();
  readonly begun: string[] = [];
  /** Ends the reload under way. */
  end: (error?: Error) => void = () => {};
  readonly reloader = new Reloader(
    (manner) => {
      this.begun.push(manner);
      return new Promise((resolve, reject) => {
        this.end = (error) => (error === undefined ? resolve() : reject(error));
      });
    },
    this.clock,
    this.log,
  );
}

test('wishes during a reload become one more, which begins after a pause', async () => {
  const lab = new Lab();
  const first = lab.reloader.request('graceful');
  const others = [1, 2, 3].map(() => lab.reloader.request('graceful'));
  assert.deepEqual(lab.begun, ['graceful']);
  lab.end();
  assert.equal((await first).isDone, true);
  assert.equal(lab.begun.length, 1);
  lab.clock.advance(199);
  assert.equal(lab.begun.length, 1);
  lab.clock.advance(1);
  assert.equal(lab.begun.length, 2);
  lab.end();
  const reports = await Promise.all(others);
  assert.ok(reports.every((report) => report === reports[0]));
  lab.clock.advance(1000);
  assert.equal(lab.begun.length, 2);
  assert.equal(lab.reloader.report.doneCount, 2);
});

test('a restart among the wishes makes it a restart', async () => {
  const lab = new Lab();
  const first = lab.reloader.request('graceful');
  void lab.reloader.request('restart');
  void lab.reloader.request('graceful');
  lab.end();
  await first;
  lab.clock.advance(200);
  assert.deepEqual(lab.begun, ['graceful', 'restart']);
  lab.end();
});

test('one that fails is reported and logged, and the next may succeed', async () => {
  const lab = new Lab();
  const wish = lab.reloader.request('graceful');
  lab.end(new Failure('configuration-wrong', 'internal', 'line 7 is wrong'));
  const { isDone, error } = await wish;
  assert.deepEqual([isDone, error], [false, 'line 7 is wrong']);
  assert.deepEqual(
    lab.log.events.map(({ level, event, fields }) => [level, event, fields.error]),
    [['error', 'reload-failed', 'line 7 is wrong']],
  );
  lab.clock.advance(200);
  const next = lab.reloader.request('graceful');
  lab.end();
  assert.equal((await next).isDone, true);
  const { doneCount, failedCount, last } = lab.reloader.report;
  assert.deepEqual([doneCount, failedCount, last?.isDone], [1, 1, true]);
});
