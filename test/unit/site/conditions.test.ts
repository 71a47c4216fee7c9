// <If>, <ElseIf>, <Else>: which of them hold, in which order they lie over the rest, and that access rules within are
// never lost. Orders as observed on httpd 2.4.71.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAllowed } from '../../../src/site/access/access.ts';
import { HostSettings } from '../../../src/site/settings.ts';
import { type SubjectTables, subjectOf } from '../../support/expression-subject.ts';
import { main } from './support.ts';

const header = (name: string) => `Header set ${name} 1`;
const names = (settings: { headerOps?: readonly { name: string }[] }) =>
  (settings.headerOps ?? []).map((op) => op.name).join(' ');

function asker(tables: SubjectTables) {
  return { subject: subjectOf(tables) };
}

const ANYBODY = asker({});

// <If>
test('conditions lie over everything else, those of outer sections first', () => {
  const host = main(
    [
      `<If "true">\n${header('server-if')}\n</If>`,
      `<Location /index.html>\n${header('location')}\n<If "true">\n${header('location-if')}\n</If>\n</Location>`,
      `<Directory /srv/htdocs>\n${header('directory')}\n<If "true">\n${header('directory-if')}\n</If>\n</Directory>`,
      `<Files index.html>\n${header('files')}\n<If "true">\n${header('files-if')}\n</If>\n</Files>`,
    ].join('\n'),
  );
  const settings = new HostSettings(host);
  assert.equal(
    names(settings.forFile('/index.html', '/srv/htdocs/index.html', ANYBODY)),
    'directory files location server-if directory-if files-if location-if',
  );
  assert.equal(names(settings.forPath('/index.html', ANYBODY)), 'location server-if location-if');
  assert.equal(names(settings.forPath('/index.html', undefined)), 'location');
});

test('a condition within a condition is asked after all of the outer level', () => {
  const host = main(
    `<If "true">\n${header('1')}\n<If "true">\n${header('2')}\n<If "true">\n${header('3')}\n</If>\n</If>\n<Else>\n${header('x')}\n</Else>\n</If>\n<If "true">\n${header('4')}\n</If>\n<If "false">\n<If "true">\n${header('y')}\n</If>\n</If>`,
  );
  assert.equal(names(new HostSettings(host).forPath('/', ANYBODY)), '1 4 2 3');
});

// <ElseIf>, <Else>
test('of a chain the first that holds is in force, whatever stands between', () => {
  const host = main(
    [
      `<If "%{QUERY_STRING} == 'a'">\n${header('a')}\n</If>`,
      header('between'),
      `<ElseIf "%{QUERY_STRING} =~ /b/">\n${header('b')}\n</ElseIf>`,
      `<ElseIf "%{QUERY_STRING} =~ /bc/">\n${header('bc')}\n</ElseIf>`,
      `<Else>\n${header('else')}\n</Else>`,
      `<If "%{QUERY_STRING} == 'c'">\n${header('c')}\n</If>`,
    ].join('\n'),
  );
  const settings = new HostSettings(host);
  for (const [query, expected] of [
    ['a', 'between a'],
    ['b', 'between b'],
    ['abc', 'between b'],
    ['', 'between else'],
    ['c', 'between else c'],
  ])
    assert.equal(names(settings.forPath('/', asker({ variables: { QUERY_STRING: query } }))), expected, query);
});

test('a virtual host has the conditions of the main server too, first', () => {
  const loaded = main(`<If "true">\n${header('A')}\n</If>\n<If "true">\n${header('B')}\n</If>`);
  assert.equal(names(new HostSettings(loaded).forPath('/', ANYBODY)), 'A B');
});

test('access rules in a condition replace those outside it, and close as well as open', () => {
  const host = main(
    [
      '<Location />\nRequire all granted\n</Location>',
      '<Location /shut>\nRequire all denied\n</Location>',
      `<If "%{QUERY_STRING} == 'no'">\nRequire all denied\n</If>`,
      `<If "%{QUERY_STRING} == 'old'">\nOrder allow,deny\nDeny from all\n</If>`,
      `<If "%{QUERY_STRING} == 'yes'">\nRequire all granted\n</If>`,
    ].join('\n'),
  );
  const settings = new HostSettings(host);
  const enters = (path: string, query: string) => {
    const { subject } = asker({ variables: { QUERY_STRING: query } });
    return isAllowed(settings.forPath(path, { subject }).access, {
      clientAddress: '10.0.0.1',
      serverAddress: '10.0.0.2',
      method: 'GET',
      hasEnv: () => false,
      clientHost: () => '',
      addressesOf: () => [],
      authenticate: () => ({ kind: 'refused' }),
      groupsOf: () => new Set(),
      subject,
    });
  };
  assert.deepEqual(
    ['', 'no', 'old', 'yes'].map((query) => enters('/', query)),
    [true, false, false, true],
  );
  assert.deepEqual(
    ['', 'no', 'yes'].map((query) => enters('/shut', query)),
    [false, false, true],
  );
});

test('each combination of outcomes is merged once', () => {
  const host = main(
    `<If "%{QUERY_STRING} =~ /a/">\n${header('A')}\n</If>\n<If "%{QUERY_STRING} =~ /b/">\n${header('B')}\n</If>`,
  );
  const settings = new HostSettings(host);
  const at = (query: string) => settings.forPath('/', asker({ variables: { QUERY_STRING: query } }));
  for (const query of ['', 'a', 'b', 'ab']) assert.ok(Object.is(at(query), at(query)), query);
  assert.equal(new Set(['', 'a', 'b', 'ab'].map(at)).size, 4);
});

test('a condition that cannot be evaluated is a failure, not an answer: its Else does not hold', () => {
  const host = main(`<If "file('/nosuch') == 'x'">\nRequire all denied\n</If>\n<Else>\n${header('E')}\n</Else>`);
  assert.throws(() => new HostSettings(host).forPath('/', ANYBODY), { code: 'expression-failed' });
});

test('sections in force are told by their lines, conditions among them', () => {
  const host = main(`<If "true">\n${header('A')}\n</If>`);
  const settings = new HostSettings(host);
  assert.deepEqual(
    settings.sectionsIn(settings.forPath('/', ANYBODY)).map(({ title }) => title),
    ['<If "true">'],
  );
});
