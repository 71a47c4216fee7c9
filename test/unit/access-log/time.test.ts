import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileLogTime } from '../../../src/listener/access-log-time.ts';

process.env.TZ = 'UTC';
const WALL = Date.UTC(2026, 10, 21, 18, 23, 11, 175);

function text(argument: string | undefined, wall = WALL): string {
  return compileLogTime(argument).format(wall);
}

// Recorded from httpd 2.4.71 for this instant.
const RECORDED: readonly (readonly [argument: string, text: string])[] = [
  ['', '[21/Nov/2026:18:23:11 +0000]'],
  ['%Y-%m-%d %H:%M:%S', '2026-11-21 18:23:11'],
  ['sec', '1795285391'],
  ['msec', '1795285391175'],
  ['msec_frac', '175'],
  ['begin:%s', '1795285391'],
  ['begin', '[21/Nov/2026:18:23:11 +0000]'],
  ['end', '[21/Nov/2026:18:23:11 +0000]'],
  ['end:', '[21/Nov/2026:18:23:11 +0000]'],
  ['begin:sec', '1795285391'],
  ['%s.', '1795285391.'],
  ['msec_frac x', 'msec_frac x'],
  ['%Y.msec_frac', '2026.msec_frac'],
  ['%q', '%q'],
  [
    '%a %A %b %B %c %C %D %e %F %g %G %h',
    'Sat Saturday Nov November Sat Nov 21 18:23:11 2026 20 11/21/26 21 2026-11-21 26 2026 Nov',
  ],
  ['%I %j %k %l %M %n %p %r %R %s %S %t %T', '06 325 18  6 23 \n PM 06:23:11 PM 18:23 1795285391 11 \t 18:23:11'],
  ['%u %U %V %w %W %x %X %y %Y %z %Z %%', '6 46 47 6 46 11/21/26 18:23:11 26 2026 +0000 UTC %'],
];
for (const [argument, expected] of RECORDED) {
  test(`%{${argument}}t`, () => assert.equal(text(argument), expected));
}

test('microseconds are written from what the clock tells', () => {
  assert.equal(text('usec', WALL + 0.25), '1795285391175250');
  assert.equal(text('usec_frac', WALL + 0.25), '175250');
});

test('end: asks for the end of the exchange', () => {
  assert.equal(compileLogTime('end:%s').isEnd, true);
  assert.equal(compileLogTime('end:msec').isEnd, true);
  for (const argument of [undefined, '', 'begin:%s', '%s', 'end']) assert.equal(compileLogTime(argument).isEnd, false);
});

test('a remembered second is not the next one', () => {
  const { format } = compileLogTime(undefined);
  assert.equal(format(WALL), '[21/Nov/2026:18:23:11 +0000]');
  assert.equal(format(WALL + 824), '[21/Nov/2026:18:23:11 +0000]');
  assert.equal(format(WALL + 825), '[21/Nov/2026:18:23:12 +0000]');
});

test('weeks at the turn of the year', () => {
  // 2027-01-01 is a Friday of ISO week 53 of 2026; 2024-12-30 a Monday of week 1 of 2025.
  assert.equal(text('%G-%V %U %W %j', Date.UTC(2027, 0, 1)), '2026-53 00 00 001');
  assert.equal(text('%G-%V %g', Date.UTC(2024, 11, 30)), '2025-01 25');
  assert.equal(text('%U %W', Date.UTC(2023, 0, 1)), '01 00');
});

test('local time has the offset of its place', () => {
  process.env.TZ = 'America/St_Johns';
  try {
    assert.equal(text('', Date.UTC(2026, 0, 1, 12)), '[01/Jan/2026:08:30:00 -0330]');
  } finally {
    process.env.TZ = 'UTC';
  }
});
