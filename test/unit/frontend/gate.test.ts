// Who may enter, over real sockets: exchanges wait for a password to be verified, their bodies with them; clients that go
// take the question along; files that change count at once.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { Failure } from '../../../src/base/failure.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { readCredentials } from '../../../src/frontend/access/inquiry.ts';
import { Waiting } from '../../../src/frontend/access/waiting.ts';
import { Link } from '../../../src/link/link.ts';
import { Recorder } from '../static/recorder.ts';
import { Lab, turns, until } from './lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'gate-'));
after(() => rmSync(folder, { recursive: true }));
const users = join(folder, 'users');
const groups = join(folder, 'groups');
const data = (name: string) => readFileSync(new URL(`../../data/credentials/${name}`, import.meta.url), 'latin1');
writeFileSync(users, data('users'));
writeFileSync(groups, data('groups'));

const AUTH = `AuthType Basic\nAuthName "a place"\nAuthUserFile ${users}\nAuthGroupFile ${groups}`;
const guarded = (rules: string) => `ProxyPass / http://127.0.0.1:@1/\n<Location />\n${AUTH}\n${rules}\n</Location>`;
const as = (user: string, password = `${user}-pw`) =>
  `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}\r\n`;
const get = (fields = '', path = '/') => `GET ${path} HTTP/1.1\r\nHost: front.test\r\n${fields}\r\n`;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

// AuthType, AuthName, AuthUserFile
test('who has no password here is asked for one, and whoever has one comes to the backend', async () => {
  await using lab = await Lab.open(guarded('Require valid-user'));
  for (const fields of ['', as('bea', 'wrong'), as('nobody'), as('plain'), 'Authorization: Bearer x\r\n']) {
    const client = lab.ask(get(fields));
    await until(() => client.heard().isWhole, 'the answer');
    const { status, headers } = client.heard();
    assert.deepEqual(
      [status, headers.find(([name]) => name === 'WWW-Authenticate')?.[1]],
      [401, 'Basic realm="a place"'],
    );
  }
  assert.equal(lab.backends[0].lines.length, 0);
  const client = lab.ask(get(as('bea')));
  const line = await lab.line();
  assert.match(line.text, /\r\nAuthorization: Basic /);
  line.send(OK);
  await until(() => client.heard().isWhole, 'the answer');
  assert.equal(client.heard().status, 200);
  assert.deepEqual(
    lab.log.events.filter(({ event }) => event === 'password-not-taken').map(({ fields }) => String(fields.place)),
    [`${users}:10`],
  );
  lab.frontend.close();
});

test('a request body waits for the password, and arrives whole', async () => {
  await using lab = await Lab.open(guarded('Require valid-user'));
  const body = 'x'.repeat(300_000);
  const client = lab.ask(
    `POST / HTTP/1.1\r\nHost: front.test\r\n${as('bea')}Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  const line = await lab.line();
  await until(() => line.text.endsWith('x'.repeat(100)) && line.text.length > body.length, 'the body');
  line.send(OK);
  await until(() => client.heard().isWhole, 'the answer');
  assert.equal(client.heard().status, 200);
  lab.frontend.close();
});

test('nobody is told to go on with a body before the password is right', async () => {
  await using lab = await Lab.open(guarded('Require valid-user'));
  const head = (password: string) =>
    `POST / HTTP/1.1\r\nHost: front.test\r\n${as('bea', password)}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`;
  const wrong = lab.ask(head('wrong'));
  await until(() => wrong.heard().isWhole, 'the answer');
  assert.deepEqual([wrong.heard().status, wrong.heard().interim], [401, []]);
  lab.frontend.close();
});

test('requests behind one another are answered in order, each by its own password', async () => {
  await using lab = await Lab.open(guarded('Require user apr').replace('http://127.0.0.1:@1/', '!'));
  const client = lab.ask(
    get(as('bea')) + get(as('apr'), '/nothing') + get() + get(as('apr', 'x')) + get(as('apr'), '/nothing'),
  );
  await until(() => client.statuses.length === 5, 'five answers');
  assert.deepEqual(client.statuses, [401, 404, 401, 401, 404]);
  lab.frontend.close();
});

test('a client that goes while its password is verified leaves nothing behind', async () => {
  await using lab = await Lab.open(guarded('Require valid-user'));
  for (let i = 0; i < 30; i++) {
    const client = lab.ask(get(as('s512', `guess${i}`)));
    await turns(1 + (i % 4));
    client.socket.destroy();
  }
  const client = lab.ask(get(as('nobody')));
  await until(() => client.heard().isWhole, 'the answer');
  assert.deepEqual([client.heard().status, lab.faults], [401, []]);
  lab.frontend.close();
});

// AuthGroupFile
test('files that change count at once, and a file that is missing lets nobody in', async (t) => {
  await using lab = await Lab.open(guarded('Require group staff').replace('http://127.0.0.1:@1/', '!'));
  t.after(() => {
    writeFileSync(users, data('users'));
    writeFileSync(groups, data('groups'));
  });
  const ask = async () => {
    const client = lab.ask(get(as('apr'), '/nothing'));
    await until(() => client.heard().isWhole, 'the answer');
    return client.heard().status;
  };
  assert.equal(await ask(), 404);
  writeFileSync(groups, 'staff: bea\n');
  assert.equal(await ask(), 401);
  rmSync(groups);
  assert.equal(await ask(), 401);
  writeFileSync(groups, data('groups'));
  writeFileSync(users, 'apr:$apr1$salt$42GgRr8OmikkTsNrO.jqf0\n');
  assert.equal(await ask(), 401);
  rmSync(users);
  assert.equal(await ask(), 500);
  writeFileSync(users, data('users'));
  assert.equal(await ask(), 404);
  const told = lab.log.events.map(({ event }) => event).filter((event) => event !== 'in-force');
  assert.ok(told.includes('group-file-unread') && told.includes('request-failed'));
  lab.frontend.close();
});

// AuthzSendForbiddenOnFailure, AuthBasicAuthoritative, AuthBasicProvider
test('a user who may not enter is asked for another, or sent away', async () => {
  for (const [rules, status] of [
    ['Require user nobody', 401],
    ['Require user nobody\nAuthzSendForbiddenOnFailure On', 403],
    ['Require user nobody\nAuthzSendForbiddenOnFailure On\nAuthBasicProvider file', 403],
  ] as const) {
    await using lab = await Lab.open(guarded(rules));
    const client = lab.ask(get(as('bea')));
    await until(() => client.heard().isWhole, 'the answer');
    assert.equal(client.heard().status, status);
    lab.frontend.close();
  }
  await using lab = await Lab.open(guarded('Require valid-user\nAuthBasicAuthoritative Off'));
  const client = lab.ask(get(as('nobody')));
  await until(() => client.heard().isWhole, 'the answer');
  assert.equal(client.heard().status, 500);
  lab.frontend.close();
});

// AuthBasicFake
test('the backend is told the user and the password that the configuration makes up', async () => {
  await using lab = await Lab.open(
    guarded('Require valid-user\nAuthBasicFake %{REMOTE_USER}-x secret') +
      '\n<Location /off>\nAuthBasicFake Off\n</Location>\n<Location /none>\nAuthBasicFake %{HTTP:X-None}\n</Location>',
  );
  const told = async (path: string) => {
    const client = lab.ask(get(`${as('bea')}Connection: close\r\n`, path));
    await until(() => lab.backends[0].lines.some(({ text }) => text.includes(` ${path} `)), path);
    const line = lab.backends[0].lines.find(({ text }) => text.includes(` ${path} `));
    line?.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
    line?.socket.end();
    await until(() => client.heard().isWhole, 'the answer');
    const [, encoded] = /\r\nAuthorization: Basic (\S+)\r\n/.exec(line?.text ?? '') ?? [];
    return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
  };
  assert.equal(await told('/x'), 'bea-x:secret');
  assert.equal(await told('/off'), 'bea:bea-pw');
  assert.equal(await told('/none'), undefined);
  lab.frontend.close();
});

test('a page of an error under the same settings is shown, and under others it is judged', async () => {
  const conf = (rules: string) => `ErrorDocument 401 /page\nErrorDocument 403 /page\n${rules}`;
  for (const [rules, hasPage] of [
    ['<Location />\nRequire all denied\n</Location>', true],
    [`<Location />\n${AUTH}\nRequire valid-user\n</Location>`, true],
    ['<Location />\nRequire all denied\n</Location>\n<Location /page>\nRequire all denied\n</Location>', false],
  ] as const) {
    await using lab = await Lab.open(conf(`${rules}\nProxyPass /page http://127.0.0.1:@1/page`));
    const client = lab.ask(get('', '/x'));
    await until(() => client.isOver || client.heard().isWhole || lab.backends[0].lines.length > 0, 'an answer');
    if (hasPage) (await lab.line()).send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage');
    await until(() => client.heard().isWhole, 'the answer');
    assert.equal(client.heard().body === 'page', hasPage, rules);
    assert.ok(client.heard().status === 401 || client.heard().status === 403);
    lab.frontend.close();
  }
});

// --- waiting --------------------------------------------------------------------------------------------------------

function waiting() {
  const link = new Link(new VirtualClock(), new MemoryLog());
  const recorder = new Recorder();
  const heard: string[] = [];
  let done = () => {};
  Waiting.until(
    recorder.exchange,
    link,
    (isDone) => {
      done = isDone;
      return () => heard.push('taken back');
    },
    () => heard.push('goes on'),
  );
  return { recorder, heard, done: () => done() };
}

test('what waits goes on once, when it is told', () => {
  const { recorder, heard, done } = waiting();
  assert.deepEqual(heard, []);
  done();
  done();
  recorder.exchange.endSink();
  assert.deepEqual(heard, ['goes on']);
});

test('what waits for nobody any more takes its question back and never goes on', () => {
  const { recorder, heard, done } = waiting();
  recorder.exchange.abortSink(new Failure('client-closed', 'downstream', 'gone'));
  done();
  assert.deepEqual(heard, ['taken back']);
});

test('names and passwords are octets up to the first colon and behind it', () => {
  const read = (text: string) => {
    const credentials = readCredentials(text);
    return credentials && `${credentials.user}|${credentials.password.toString('latin1')}`;
  };
  const encode = (text: string) => Buffer.from(text, 'latin1').toString('base64');
  assert.equal(read(`Basic ${encode('a:b:c')}`), 'a|b:c');
  assert.equal(read(`bAsIc   ${encode('\xe4:\xff')}`), '\xe4|\xff');
  assert.equal(read(`Basic ${encode('name')}`), 'name|');
  assert.equal(read('Basic'), '|');
  assert.equal(read(`Basic ${encode('a:b')}, Basic ${encode('c:d')}`), 'a|b');
  for (const other of ['', 'Bearer x', 'Basicx', `Digest ${encode('a:b')}`, `Basic\t${encode('a:b')}`])
    assert.equal(read(other), undefined, other);
});
