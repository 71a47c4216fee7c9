import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, VirtualClock } from '../../../src/base/clock.ts';
import { Failure } from '../../../src/base/failure.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { LogBatch } from '../../../src/listener/log-batch.ts';
import { LogFile } from '../../../src/listener/log-file.ts';
import { LogPipe, parseCommand } from '../../../src/listener/log-pipe.ts';
import { LogSinks } from '../../../src/listener/log-sinks.ts';

class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'log-'));
  file(name: string): string {
    return join(this.path, name);
  }
  read(name: string): string {
    return readFileSync(this.file(name), 'latin1');
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.fail('it did not happen');
}

function contains(folder: Folder, name: string, text: string): boolean {
  try {
    return folder.read(name) === text;
  } catch {
    return false;
  }
}

test('lines wait for company, then go in one write', async () => {
  using folder = new Folder();
  const clock = new VirtualClock();
  const sink = new LogFile(folder.file('a'), { clock, log: new MemoryLog(), flushAfterMs: 250 });
  sink.write('one');
  sink.write('tw\xe9');
  clock.advance(249);
  assert.equal(folder.read('a'), '');
  clock.advance(1);
  await until(() => contains(folder, 'a', 'one\ntw\xe9\n'));
  await sink.close();
});

test('closing writes what is pending', async () => {
  using folder = new Folder();
  const sink = new LogFile(folder.file('a'), { clock: new VirtualClock(), log: new MemoryLog() });
  const long = 'x'.repeat(200_000);
  for (let i = 0; i < 3000; i++) sink.write(`line ${i}`);
  sink.write(long);
  sink.write('last');
  await sink.close();
  const lines = folder.read('a').split('\n');
  assert.equal(lines.length, 3003);
  assert.equal(lines[2999], 'line 2999');
  assert.equal(lines[3000], long);
  assert.equal(lines[3001], 'last');
});

test('what is pending can be written at once when the process ends', () => {
  using folder = new Folder();
  const sink = new LogFile(folder.file('a'), { clock: new VirtualClock(), log: new MemoryLog() });
  sink.write('one');
  sink.flushSync();
  assert.equal(folder.read('a'), 'one\n');
});

test('after a log was moved away, reopening begins a new one', async () => {
  using folder = new Folder();
  const clock = new VirtualClock();
  const sink = new LogFile(folder.file('a'), { clock, log: new MemoryLog() });
  sink.write('old');
  clock.advance(250);
  await until(() => contains(folder, 'a', 'old\n'));
  renameSync(folder.file('a'), folder.file('a.1'));
  sink.reopen();
  sink.write('new');
  await sink.close();
  assert.equal(folder.read('a.1'), 'old\n');
  assert.equal(folder.read('a'), 'new\n');
});

test('a log that cannot be opened again goes on under its old name', async () => {
  using folder = new Folder();
  using gone = new Folder();
  const log = new MemoryLog();
  const sink = new LogFile(gone.file('a'), { clock: new VirtualClock(), log });
  renameSync(gone.path, folder.file('moved'));
  sink.reopen();
  sink.write('still');
  await sink.close();
  assert.deepEqual(
    log.events.map((each) => each.event),
    ['log-reopen-failed'],
  );
  assert.equal(folder.read('moved/a'), 'still\n');
  renameSync(folder.file('moved'), gone.path);
});

test('a log that cannot be opened at the start is a declared failure', () => {
  assert.throws(
    () => new LogFile('/nonexistent/folder/access.log', { clock: new VirtualClock(), log: new MemoryLog() }),
    (error) => error instanceof Failure && error.code === 'log-open-failed',
  );
});

test('when the disk cannot take more, lines are dropped, counted and reported', async () => {
  const log = new MemoryLog();
  const clock = new VirtualClock();
  const sink = new LogFile('/dev/full', { clock, log });
  sink.write('one');
  sink.write('two');
  clock.advance(250);
  await until(() => sink.droppedCount === 2);
  await until(() => log.events.length === 1);
  assert.equal(log.events[0].event, 'log-lines-dropped');
  assert.equal(log.events[0].fields.count, 2);
  await sink.close();
});

test('a batch takes no more than its limit', () => {
  const batch = new LogBatch(100_000);
  const line = 'x'.repeat(999);
  let taken = 0;
  while (batch.add(line)) taken++;
  assert.ok(batch.pendingBytes <= 100_000);
  assert.ok(taken >= 65);
  const first = batch.take();
  assert.ok(first !== undefined && first.length % 1000 === 0, 'only whole lines are taken');
  assert.equal(batch.add(line), true, 'room again');
});

test('hosts that name the same file share it; a reload closes what is not used any more', async () => {
  using folder = new Folder();
  const sinks = new LogSinks({ clock: new VirtualClock(), log: new MemoryLog() });
  const one = sinks.open(folder.file('a'));
  assert.equal(sinks.open(folder.file('a')), one);
  one.write('x');
  sinks.open(folder.file('b'));
  await sinks.retain(new Set([folder.file('b')]));
  assert.equal(folder.read('a'), 'x\n');
  assert.notEqual(sinks.open(folder.file('a')), one);
  await sinks.close();
});

test('a program gets the lines and ends when its input does', async () => {
  using folder = new Folder();
  const sink = new LogPipe(`|$cat > ${folder.file('out')}`, { clock: systemClock, log: new MemoryLog() });
  sink.write('one');
  sink.write('two');
  await sink.close();
  assert.equal(folder.read('out'), 'one\ntwo\n');
});

test('a program that ends is started again, later each time, and lines wait for it', async () => {
  using folder = new Folder();
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const once = folder.file('ran');
  // The first two runs end at once, the third reads.
  const script = `echo >> ${once}; test $(wc -l < ${once}) -gt 2 && cat > ${folder.file('out')}`;
  const sink = new LogPipe(`|$${script}`, { clock, log });
  await until(() => log.events.length === 1);
  sink.write('waits');
  clock.advance(999);
  assert.equal(folder.read('ran'), '\n');
  clock.advance(1);
  await until(() => log.events.length === 2);
  assert.deepEqual(
    log.events.map((each) => each.fields.restartMs),
    [1000, 2000],
  );
  clock.advance(2000);
  await until(() => folder.read('ran') === '\n\n\n');
  sink.write('read');
  await sink.close();
  assert.match(folder.read('out'), /read\n$/);
});

test('a program that does not exist is reported, not thrown', async () => {
  const log = new MemoryLog();
  const sink = new LogPipe('|/nonexistent/rotatelogs x', { clock: new VirtualClock(), log });
  await until(() => log.events.length === 1);
  assert.equal(log.events[0].event, 'log-program-ended');
  await sink.close();
});

test('a command line is split as a shell would, without one', () => {
  assert.deepEqual(parseCommand('|/usr/bin/rotatelogs -l "/var/log/a b.%Y" 86400'), {
    file: '/usr/bin/rotatelogs',
    args: ['-l', '/var/log/a b.%Y', '86400'],
    shell: false,
  });
  assert.deepEqual(parseCommand(`||x 'a "b' c\\ d "e\\"f"g`).args, ['a "b', 'c d', 'e"fg']);
  assert.deepEqual(parseCommand('|$cat > x'), { file: 'cat > x', args: [], shell: true });
});
