// The status worker beside mod_jk's: the same requests to both, and the answers are the same, byte for byte but for times,
// versions and ports. Then programs that know mod_jk's pages by heart.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { headerOf } from '../support/client.ts';
import { PROJECT } from '../support/front.ts';
import { type JkPair, type JkSide, startJkPair } from '../support/jk.ts';
import { alike } from '../support/jk-status-text.ts';
import { needs } from '../support/peers.ts';
import { chosenSeed, randomFrom } from '../support/random.ts';

const WORKERS = `worker.list=lb,solo
worker.tpl.type=ajp13
worker.tpl.host=127.0.0.1
worker.tpl.ping_mode=A
worker.tpl.socket_timeout=10
worker.tpl.reply_timeout=5000
worker.tpl.connection_pool_timeout=600
worker.a.reference=worker.tpl
worker.a.port=@a@
worker.a.domain=d1
worker.b.reference=worker.tpl
worker.b.port=@b@
worker.b.lbfactor=3
worker.b.redirect=c
worker.b.secret=hidden
worker.c.reference=worker.tpl
worker.c.port=@c@
worker.c.activation=d
worker.c.distance=1
worker.c.route=routec
worker.lb.type=lb
worker.lb.balance_workers=a,b,c
worker.solo.host=127.0.0.1
worker.solo.port=@d@
`;
const MOUNTS = `/x/*=lb
/x=lb
!/x/static/*=lb
-/off=lb
/solo/*=solo;reply_timeout=1000;fail_on_status=503,-500
/y/*=lb;active=c;disabled=a;stopped=b;sticky_ignore=1;stateless=1;use_server_errors=500
`;
const PATH = '/jkstatus';
const MIMES = ['html', 'xml', 'txt', 'prop'] as const;

async function startPair(status: boolean | string = true): Promise<JkPair> {
  return startJkPair({ workers: WORKERS, mounts: MOUNTS, status });
}

/** Asks both the same and wants the same. @returns our answer */
async function same(pair: JkPair, query: string): Promise<string> {
  const path = query === '' ? PATH : `${PATH}?${query}`;
  const { ours, theirs } = await pair.ask({ path });
  const [ourText, theirText] = [textOf(pair.ours, ours), textOf(pair.theirs, theirs)];
  assert.equal(ourText, theirText, query);
  for (const name of ['Content-Type', 'Cache-Control', 'Pragma'])
    assert.equal(headerOf(ours, name), headerOf(theirs, name), `${name} of ${query}`);
  assert.equal(ours.status, theirs.status, query);
  return ourText;
}

function textOf(side: JkSide, { body }: { readonly body: Buffer }): string {
  return alike(side.anonymous(body.toString('latin1')));
}

/** Requests that both give to the same members. */
async function serve(pair: JkPair, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const [ours, theirs] = await pair.both((side) => side.who({ path: '/x/p' }));
    assert.equal(ours, theirs);
  }
}

test('all commands in all formats are answered as by mod_jk', needs('httpd', 'mod_jk'), async () => {
  await using pair = await startPair();
  await serve(pair, 6);
  const queries = [
    'cmd=list',
    'cmd=show&w=lb',
    'cmd=show&w=lb&sw=b',
    'cmd=show&w=solo',
    'cmd=show&w=jkstatus',
    'cmd=version',
    'cmd=dump',
    'cmd=edit&w=lb',
    'cmd=edit&from=show&w=lb&sw=a&psw=a',
    'cmd=edit&from=list&w=solo',
    'cmd=edit&w=jkstatus',
    ...['vwa', 'vwf', 'vwn', 'vamps', 'vahst', 'nope'].map((name) => `cmd=edit&w=lb&att=${name}`),
    ...[1, 2, 4, 8, 16, 32, 64, 128, 256, 257, 511].map((opt) => `opt=${opt}`),
    'cmd=show&w=lb&opt=449',
    'cmd=show&w=lb&sw=a&opt=96&re=5&x=y',
    'cmd=update&w=lb&vlr=3&from=show',
    'cmd=update&w=lb&sw=a&psw=a&vwf=2&from=show&opt=4',
    'cmd=update&w=lb&att=vwd&val0=0&val1=1&val2=2&from=list',
    'cmd=update&w=lb&sw=*&vapng=9000',
    'cmd=reset&w=lb&sw=c&from=list',
    'cmd=reset&w=lb',
    'cmd=reset&w=solo',
    'cmd=recover&w=lb&sw=a',
  ];
  for (const query of queries) for (const mime of MIMES) await same(pair, `${query}&mime=${mime}`);
  await same(pair, '');
  await same(pair, 're=10&opt=6');
});

// JS-10, JS-15
test('odd requests are refused in mod_jk’s words', needs('httpd', 'mod_jk'), async () => {
  await using pair = await startPair();
  const odd = [
    'cmd=nope',
    'cmd=show',
    'cmd=show&w=',
    'cmd=show&w=nope',
    'cmd=show&w=a',
    'cmd=show&w=lb&sw=',
    'cmd=show&w=lb&sw=q',
    'cmd=show&w=lb&sw=*',
    'cmd=show&w=solo&sw=a',
    'cmd=show;w=lb',
    'cmd=recover&w=lb',
    'cmd=recover&w=solo&sw=a',
    'cmd=update&w=jkstatus',
    'cmd=update&w=lb&sw=q*',
    'cmd=reset&w=jkstatus',
    'cmd=reset&w=*',
    'cmd=LIST',
    'cmd=list&w=%zz',
    'cmd=update&w=lb&opt=32',
    'w=x&cmd=show&w=lb&opt=511',
    'cmd=show&w=%6cb&opt=511',
    'cmd=list&opt=511&q=%3Cscript%3E',
  ];
  for (const query of odd) for (const mime of [...MIMES, 'json']) await same(pair, `${query}&mime=${mime}`);
});

// JS-11, JS-13
test('a status worker that is read only, or for some users only', needs('httpd', 'mod_jk'), async () => {
  for (const status of [
    'read_only=true\ncss=/c.css\nprefix=pfx\nns=x:\nxmlns=xmlns:x="urn:x"\ndoctype=<!DOCTYPE status>',
    'user=bob, Alice\nprefix=p',
    'good=d.o,d.i\nbad=a',
  ]) {
    await using pair = await startPair(status);
    for (const query of [
      'cmd=list',
      'cmd=show&w=lb',
      'cmd=edit&w=lb',
      'cmd=update&w=lb&vlr=9',
      'cmd=recover&w=lb&sw=a',
    ])
      for (const mime of MIMES) await same(pair, `${query}&mime=${mime}`);
  }
});

const LB_VALUES: Readonly<Record<string, readonly string[]>> = {
  vlr: ['1', '5', '0', '-1', 'x', '7x'],
  vlri: ['1', '250', '0', ''],
  vlt: ['1', '90', '0', '-5'],
  vlee: ['1', '45', '0'],
  vlx: ['0', '3', '-1'],
  vls: ['0', '1', 'on', 'off', 'True', 'maybe', ''],
  vlf: ['0', '1', 'y', 'n', ''],
  vlm: ['0', '1', '2', '3', '4', 'R', 'Sessions', 'b', 'x', ''],
  vll: ['0', '1', 'P', 'o', 'x'],
};
const TOMCAT_VALUES: Readonly<Record<string, readonly string[]>> = {
  vahst: ['127.0.0.1', '127.0.0.2', 'no.such.host.invalid', ''],
  vaprt: ['1', '77', '0', '-1', 'x'],
  vacpt: ['0', '60', '-1', '5s'],
  vapng: ['0', '5000', '-1'],
  vact: ['0', '400', '-1'],
  vapt: ['0', '500', '-1'],
  vart: ['0', '6000', '-1', '4294967299'],
  var: ['1', '3', '0'],
  vari: ['1', '50', '0'],
  vacpi: ['1', '30', '0'],
  varo: ['0', '3', '31', '-1'],
  vabl: ['0', '9', '-1'],
};
const MEMBER_VALUES: Readonly<Record<string, readonly string[]>> = {
  ...TOMCAT_VALUES,
  vwa: ['a', 'd', 's', '0', '1', '2', 'A', 'Disabled', '9', ''],
  vwf: ['1', '4', '7', '0', '-1', '2.5'],
  vwn: ['a', 'r1', 'east.r', 'x'.repeat(61), 'x'.repeat(60), '%3Cb%3E', ''],
  vwr: ['', 'b', 'r1', 'x'.repeat(61)],
  vwc: ['', 'd1', 'east'],
  vwd: ['0', '2', '-1', '007'],
  vamps: ['8192', '9000', '65536', '70000', '1'],
};

test('updates by chance, valid and odd, have the same effect', needs('httpd', 'mod_jk'), async (context) => {
  const seed = chosenSeed();
  context.diagnostic(`SEED=${seed}`);
  const random = randomFrom(seed);
  await using pair = await startPair();
  const some = (values: Readonly<Record<string, readonly string[]>>) => {
    const names = Object.keys(values).filter(() => random.chance(0.2));
    return names.map((name) => `&${name}=${random.pick(values[name])}`).join('');
  };
  const kinds: readonly (() => string)[] = [
    () => `w=lb${some(LB_VALUES)}`,
    () => `w=lb&sw=${random.pick(['a', 'b', 'c', '*', 'q'])}${some(MEMBER_VALUES)}`,
    () => `w=solo${some(TOMCAT_VALUES)}`,
    () => {
      const name = random.pick(Object.keys(MEMBER_VALUES));
      const values = [0, 1, 2].filter(() => random.chance(0.8));
      return `w=lb&att=${name}${values.map((at) => `&val${at}=${random.pick(MEMBER_VALUES[name])}`).join('')}`;
    },
  ];
  for (let step = 0; step < 60; step++) {
    const query = `cmd=update&mime=txt&${random.pick(kinds)()}`;
    try {
      await same(pair, query);
      await same(pair, `cmd=list&mime=${random.pick(MIMES)}`);
      await same(pair, `cmd=edit&w=${random.pick(['lb', 'solo', 'lb&sw=a', 'lb&att=vwn'])}`);
    } catch (difference) {
      throw new Error(`seed ${seed}, step ${step}: ${query}`, { cause: difference });
    }
  }
});

// JS-09
test('a member in error is marked for recovery, and tried', needs('httpd', 'mod_jk'), async () => {
  await using pair = await startPair();
  await pair.mode('b', 'refuse');
  await serve(pair, 4);
  assert.match(await same(pair, 'cmd=show&w=lb&sw=b&mime=txt'), / state=ERR /);
  for (const mime of MIMES) await same(pair, `cmd=show&w=lb&mime=${mime}`);
  await pair.mode('b', 'ok');
  assert.match(await same(pair, 'cmd=recover&w=lb&sw=b&mime=txt'), /type=OK/);
  assert.match(await same(pair, 'cmd=show&w=lb&sw=b&mime=txt'), / state=ERR\/REC /);
  await serve(pair, 4);
  assert.match(await same(pair, 'cmd=show&w=lb&sw=b&mime=txt'), / state=OK /);
  await same(pair, 'cmd=recover&w=lb&sw=b&mime=xml');
});

// --- programs -------------------------------------------------------------------------------------------------------

interface Outcome {
  readonly code: number;
  readonly text: string;
}

const LIMIT_MS = 60_000;

function run(side: JkSide, program: string, ...words: string[]): Promise<Outcome> {
  const url = `http://127.0.0.1:${side.front.port}${PATH}`;
  return new Promise((resolve) => {
    const given = words.map((word) => word.replace('URL', url));
    execFile(program, given, { timeout: LIMIT_MS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, text: side.anonymous(`${stdout}${stderr}`) });
    });
  });
}

async function sameProgram(pair: JkPair, program: string, ...words: string[]): Promise<Outcome> {
  const [ours, theirs] = await pair.both((side) => run(side, program, ...words));
  assert.deepEqual(ours, theirs, words.join(' '));
  return ours;
}

test(
  'a library in the manner of Ant’s reads, drains, stops, re-weighs and changes the method',
  needs('httpd', 'mod_jk', 'python3'),
  async () => {
    await using pair = await startPair();
    await serve(pair, 4);
    const client = (...words: string[]) =>
      sameProgram(pair, '/usr/bin/python3', join(PROJECT, 'test/support/jk-clients.py'), ...words);
    const list = await client('ant-list', 'URL');
    assert.match(list.text, /balancer lb Request True 2 3\n {2}member a ajp13 ACT 1 a {2}0 OK 1\n/);
    const update = async (member: string, ...pairs: string[]) =>
      (await client('ant-update', 'URL', 'lb', member, ...pairs)).text;
    assert.match(await update('a', 'vwa=d'), /type=OK message="Action finished"\n.*activation DIS/s);
    assert.match(await update('a', 'vwa=s'), /activation STP/);
    assert.match(await update('b', 'vwf=5', 'vwr='), /lbfactor 5\nroute b\nredirect \n/);
    assert.match(await update('-', 'vlm=B', 'vls=0', 'vlr=7'), /method Busyness\nretries 7\nsticky_session False\n/);
    assert.match(
      (await client('ant-update', 'URL', 'nope', '-', 'vlr=1')).text,
      /type=ERROR message="Could not find given worker"/,
    );
    const before = await client('nagios', 'URL', 'lb');
    assert.deepEqual(before, { code: 1, text: 'WARNING - 1 of 3 members serve !a !c\n' });
    await client('ant-update', 'URL', 'lb', 'b', 'vwa=s');
    assert.equal((await client('nagios', 'URL', 'lb')).code, 2);
    await client('ant-update', 'URL', 'lb', 'a', 'vwa=a');
    await serve(pair, 3);
  },
);

test('an awk script reads members from mime=txt', needs('httpd', 'mod_jk', 'gawk'), async () => {
  await using pair = await startPair();
  const fetchText = `exec 3<>/dev/tcp/127.0.0.1/PORT; printf 'GET ${PATH}?cmd=list&mime=txt HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
  const awk = `awk '/^Member:/ { for (i = 2; i <= NF; i++) { split($i, f, "="); v[f[1]] = f[2] } print v["name"], v["activation"], v["state"], v["lbfactor"], v["route"] } /^Result:/ { print $2 }'`;
  const [ours, theirs] = await pair.both((side) =>
    run(side, '/bin/bash', '-c', `${fetchText.replace('PORT', String(side.front.port))} | ${awk}`),
  );
  assert.deepEqual(ours, theirs);
  assert.equal(ours.text, 'a ACT OK/IDLE 1 "a"\nb ACT OK/IDLE 3 "b"\nc DIS OK/IDLE 1 "routec"\ntype=OK\n');
});

test('java.util.Properties reads mime=prop as it reads mod_jk’s', needs('httpd', 'mod_jk', 'javac'), async () => {
  await using pair = await startPair();
  await serve(pair, 2);
  const [ours, theirs] = await pair.both((side) =>
    run(side, '/usr/bin/java', join(PROJECT, 'test/support/JkProperties.java'), 'URL?cmd=list&mime=prop'),
  );
  const shape = ({ code, text }: Outcome) => ({
    code,
    text: alike(text.replaceAll(' -> ', '=')),
  });
  assert.deepEqual(shape(ours), shape(theirs));
  assert.match(ours.text, /worker\.b\.lbfactor -> 3\n/);
  assert.match(ours.text, /worker\.lb\.balance_workers -> c\n/);
});

// JS-14
test('the body of a POST says nothing, its query does', needs('httpd', 'mod_jk'), async () => {
  await using pair = await startPair();
  const type = [['Content-Type', 'application/x-www-form-urlencoded']] as const;
  const post = (path: string) =>
    pair.ask({ method: 'POST', path, headers: type, body: 'cmd=update&w=lb&vlr=9&mime=txt' });
  const { ours, theirs } = await post(PATH);
  assert.equal(textOf(pair.ours, ours), textOf(pair.theirs, theirs));
  await post(`${PATH}?cmd=update&w=lb&vlr=4&mime=txt`);
  assert.match(await same(pair, 'cmd=show&w=lb&mime=txt'), / retries=4 /);
});
