// What the status worker reads from a request, and what it refuses.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitsName, refusal } from '../../../../src/admin/jk-status/checks.ts';
import { readQuery, truth, wholeNumber } from '../../../../src/admin/jk-status/query.ts';
import { rate } from '../../../../src/admin/jk-status/ratings.ts';
import type { StatusWorkerSettings } from '../../../../src/site/jk/model-jk.ts';
import { SETTINGS, VIEW } from './view.ts';

test('the last of a name wins and keeps the place of the first', () => {
  assert.deepEqual(
    [...readQuery('w=a&cmd=show&w=b').parameters],
    [
      ['w', 'b'],
      ['cmd', 'show'],
    ],
  );
});

test('only & separates, names are not decoded, values are', () => {
  assert.deepEqual(
    [...readQuery('cmd=show;w=lb&%77=a&w=a+b%2Cc&flag&=x').parameters],
    [
      ['cmd', 'show;w=lb'],
      ['%77', 'a'],
      ['w', 'a b,c'],
    ],
  );
});

test('what could break out of a page or a line is masked', () => {
  assert.equal(readQuery('w=<%3C%3f%22%0a').parameters.get('w'), '@@@@@');
});

test('without a command it is list, without a format html', () => {
  const { command, mime } = readQuery(undefined);
  assert.deepEqual([command, mime], ['list', 'html']);
  assert.deepEqual([readQuery('cmd=LIST').command, readQuery('mime=json').mime], [undefined, undefined]);
});

test('numbers are read as C reads them', () => {
  const read = ['12x', ' 7', '-3', '+4', '', 'x', '0x10', '4294967299', '2147483648', '99999999999999999999'];
  assert.deepEqual(read.map(wholeNumber), [12, 7, -3, 4, 0, 0, 0, 3, -2147483648, -1]);
});

test('booleans are those of workers.properties', () => {
  assert.deepEqual(
    ['off', 'F', 'no', '0', '00', 'on', 'True', 'y', '1', '2', ''].map((text) => truth(text, true)),
    [false, false, false, false, true, true, true, true, true, true, true],
  );
});

const refused = (query: string, settings: Partial<StatusWorkerSettings> = {}, user?: string) =>
  refusal(readQuery(query), { ...SETTINGS, ...settings }, user, VIEW.workers);

test('each mistake has the words that scripts know', () => {
  const told: readonly (readonly [query: string, reason: string | undefined])[] = [
    ['cmd=nope', 'Invalid command.'],
    ['mime=json', 'Invalid mime type.'],
    ['cmd=list&x=%zz', 'Error during parsing of URI'],
    ['cmd=show', 'NULL or EMPTY worker param'],
    ['cmd=show&w=', 'NULL or EMPTY worker param'],
    ['cmd=show&w=nope', 'Could not find given worker'],
    ['cmd=reset&w=*', 'Could not find given worker'],
    ['cmd=show&w=lb&sw=', 'EMPTY sub worker param'],
    ['cmd=show&w=lb&sw=q', 'could not find sub worker'],
    ['cmd=show&w=solo&sw=a', 'worker type has no sub workers'],
    ['cmd=reset&w=lb&sw=*', 'wildcard not allowed in sub worker for this command'],
    ['cmd=update&w=lb&sw=q*', 'could not find sub worker'],
    ['cmd=update&w=lb&sw=*', undefined],
    ['cmd=show&w=lb&sw=a', undefined],
    ['cmd=dump', undefined],
  ];
  assert.deepEqual(
    told.map(([query]) => [query, refused(query)]),
    told,
  );
});

// read_only
test('a worker that is read only takes no edit, update, reset or recover; opt=32 asks for the same', () => {
  const words = 'This command is not allowed in read only mode.';
  for (const command of ['edit', 'update', 'reset', 'recover']) {
    assert.equal(refused(`cmd=${command}&w=lb`, { isReadOnly: true }), words);
    assert.equal(refused(`cmd=${command}&w=lb&opt=32`), words);
  }
  for (const command of ['list', 'version', 'dump'])
    assert.equal(refused(`cmd=${command}`, { isReadOnly: true }), undefined);
});

// user, user_case_insensitive
test('only its users get in, with the case of their names unless it does not matter', () => {
  const users = ['bob', 'Alice'];
  const by = (user: string | undefined, ignoresUserCase = false) => refused('', { users, ignoresUserCase }, user);
  assert.deepEqual([by(undefined), by('Bob'), by('eve')], Array(3).fill('Access denied.'));
  assert.deepEqual([by('Alice'), by('bob'), by('BOB', true), by('ALICE', true)], Array(4).fill(undefined));
});

// good, bad
test('members are rated bad, good or degraded by activation and state', () => {
  const rated = (activation: 'active' | 'disabled' | 'stopped', state: 'OK' | 'ERR' | 'ERR/FRC', settings = SETTINGS) =>
    rate(settings, { activation, state });
  assert.deepEqual(
    [rated('active', 'OK'), rated('active', 'ERR'), rated('active', 'ERR/FRC')],
    ['good', 'bad', 'good'],
  );
  assert.deepEqual(
    [rated('disabled', 'OK'), rated('disabled', 'ERR'), rated('stopped', 'OK')],
    ['degraded', 'bad', 'bad'],
  );
  const own = {
    ...SETTINGS,
    good: [{ activation: 'disabled', state: 'ok' } as const],
    bad: [{ activation: 'active', state: undefined } as const],
  };
  assert.deepEqual(
    [rated('active', 'OK', own), rated('disabled', 'OK', own), rated('stopped', 'ERR', own)],
    ['bad', 'good', 'degraded'],
  );
});

test('a star in sw stands for any run of characters, everything else for itself', () => {
  assert.deepEqual(
    ['node1', 'xnode1', 'nod', 'n.de1'].map((name) => fitsName(name, 'n*de1')),
    [true, false, false, true],
  );
  assert.equal(fitsName('nxde1', 'n.de*'), false);
  // A regular expression would try 10^11 ways here.
  assert.equal(fitsName('a'.repeat(40), `${'*a'.repeat(20)}*b`), false);
});
