import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { Failure } from '../../../src/base/failure.ts';
import { ErrorLog, eventLevelOf, formatEvent } from '../../../src/listener/error-log.ts';

const WALL = Date.UTC(2026, 0, 1);

test('an event is a line with time, level, name and fields', () => {
  assert.equal(
    formatEvent(WALL, 'warn', 'member-failed', {
      member: 'ajp://a:8009',
      attempts: 3,
      isLast: true,
      absent: undefined,
    }),
    '2026-01-01T00:00:00.000Z warn member-failed member=ajp://a:8009 attempts=3 isLast=true',
  );
});

test('text that could be mistaken is quoted, and nothing leaves the line', () => {
  const line = formatEvent(WALL, 'info', 'x', {
    a: 'two words',
    b: '',
    c: 'q"\n2026 error',
    d: 'é',
    e: [1, 'x'],
    f: 'a=b',
  });
  assert.equal(
    line,
    '2026-01-01T00:00:00.000Z info x a="two words" b="" c="q\\"\\n2026 error" d="\\u00e9" e="[1,\\"x\\"]" f=a=b',
  );
});

test('failures tell code, message and causes; bugs tell where they are', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:8009'), { code: 'ECONNREFUSED' });
  const failure = new Failure('dial-refused', 'upstream', 'nobody listens', { cause });
  assert.match(
    formatEvent(WALL, 'error', 'x', { failure }),
    / failure="dial-refused: nobody listens \(connect ECONNREFUSED 127\.0\.0\.1:8009\)"$/,
  );
  assert.match(formatEvent(WALL, 'error', 'x', { bug: new TypeError('oops') }), / bug="oops at .*error-log\.test\.ts/);
});

test('long values are cut', () => {
  assert.ok(formatEvent(WALL, 'info', 'x', { a: 'y'.repeat(10_000) }).length < 2100);
});

test('LogLevel chooses what is written', () => {
  const written = (level: string): string[] => {
    const lines: string[] = [];
    const sink = {
      write: (line: string) => void lines.push(line.split(' ')[1]),
      reopen() {},
      flushSync() {},
      close: async () => {},
      droppedCount: 0,
    };
    const log = new ErrorLog(sink, new VirtualClock(), eventLevelOf(level));
    log.error('e');
    log.warn('w');
    log.info('i');
    log.debug('d');
    return lines;
  };
  assert.deepEqual(written('emerg'), ['error']);
  assert.deepEqual(written('error'), ['error']);
  assert.deepEqual(written('warn'), ['error', 'warn']);
  assert.deepEqual(written('notice'), ['error', 'warn']);
  assert.deepEqual(written('info'), ['error', 'warn', 'info']);
  assert.deepEqual(written('trace4'), ['error', 'warn', 'info', 'debug']);
});
