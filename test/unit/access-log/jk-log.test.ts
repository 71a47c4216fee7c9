// Lines of JkLogFile: stamp, process, level, event; and request lines.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { bothLogs, JkLog, type JkLogLevel } from '../../../src/listener/jk-log.ts';

const STAMP = '[%a %b %d %H:%M:%S.%Q %Y] ';

function lines(level: JkLogLevel, stamp: string, act: (log: JkLog) => void, wall?: number): string[] {
  const written: string[] = [];
  const clock = new VirtualClock();
  if (wall !== undefined) clock.wall = () => wall;
  act(new JkLog({ write: (line) => void written.push(line) }, clock, level, stamp));
  return written;
}

// JkLogFile
test('an event is a line with stamp, process and level', () => {
  const [line] = lines('info', STAMP, (log) => log.warn('member-failed', { balancer: 'lb', why: 'no answer' }));
  assert.match(
    line,
    new RegExp(
      `^\\[\\w{3} \\w{3} \\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} \\d{4}\\] \\[${process.pid}:\\d+\\] \\[warn\\] member-failed balancer=lb why="no answer"$`,
    ),
  );
});

// JkLogLevel
test('events below the level are left out, request lines are not', () => {
  const all = (log: JkLog) => {
    log.debug('d');
    log.info('i');
    log.warn('w');
    log.error('e');
    log.write('GET /x');
  };
  const levels = (level: JkLogLevel) => lines(level, '', all).map((line) => /\[(\w+)\] \w$/.exec(line)?.[1] ?? line);
  assert.deepEqual(levels('trace'), ['debug', 'info', 'warn', 'error', 'GET /x']);
  assert.deepEqual(levels('info'), ['info', 'warn', 'error', 'GET /x']);
  assert.deepEqual(levels('error'), ['error', 'GET /x']);
  assert.deepEqual(levels('emerg'), ['GET /x']);
});

// JkLogStampFormat
test('a stamp may have milliseconds or microseconds, at one place', () => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5, 67);
  const stamp = (format: string) => lines('info', format, (log) => log.write('|x'), at)[0];
  assert.equal(stamp('%S.%Q '), '05.067 |x');
  assert.equal(stamp('%S.%q '), '05.067000 |x');
  assert.equal(stamp('%Q %Q '), '067 %Q |x');
  assert.equal(stamp('%Y '), '2026 |x');
});

test('what is told of workers stands in the error log too', () => {
  const one = new MemoryLog();
  const other = new MemoryLog();
  const both = bothLogs(one, other);
  both.debug('a');
  both.info('b');
  both.warn('c', { x: 1 });
  both.error('d');
  assert.deepEqual(
    one.events.map(({ level, event }) => `${level} ${event}`),
    ['debug a', 'info b', 'warn c', 'error d'],
  );
  assert.deepEqual(other.events, one.events);
});
