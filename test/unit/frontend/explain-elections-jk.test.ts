// What `explain` says of elections of mod_jk's workers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from './explaining.ts';

const CONF = `Listen 80
ServerName x
JkWorkerProperty worker.list=lb,w
JkWorkerProperty worker.lb.type=lb
JkWorkerProperty worker.lb.balance_workers=a,b,c
JkWorkerProperty worker.a.host=h
JkWorkerProperty worker.b.host=h
JkWorkerProperty worker.b.port=8010
JkWorkerProperty worker.b.activation=d
JkWorkerProperty worker.c.host=h
JkWorkerProperty worker.c.port=8011
JkWorkerProperty worker.c.activation=stopped
JkWorkerProperty worker.c.redirect=b
JkWorkerProperty worker.w.host=h
JkMount /app/* lb
JkMount /one/* w`;

test('a free choice names the method of the lb worker, and why the others were none', async () => {
  const { elections } = await explain(CONF, '/app/x');
  const [{ chosen, why, members }] = elections;
  assert.equal(chosen, 'ajp://h:8009');
  assert.match(why, /^method=Request: nearest, then lowest load value/);
  assert.deepEqual(
    members.map(({ verdict }) => verdict),
    ['candidate', 'drained: only its own sessions come', 'unusable'],
  );
});

test('a session in the path leads to its member, disabled or not, and one of a stopped member by its redirect', async () => {
  const at = async (url: string) => (await explain(CONF, url)).elections[0];
  assert.match((await at('/app/x;jsessionid=1.b')).why, /the session's route "b" is its route/);
  const redirected = await at('/app/x;jsessionid=1.c');
  assert.equal(redirected.chosen, 'ajp://h:8010');
  assert.match(redirected.why, /route "c" leads here by redirect=/);
  assert.match((await at('/app/x?;jsessionid=1.b')).why, /^method=Request/, 'a query is not looked at');
});

test('a worker without a balancer has no choice', async () => {
  const { elections } = await explain(CONF, '/one/x');
  assert.deepEqual([elections[0].isDirect, elections[0].chosen], [true, 'ajp://h:8009']);
});
