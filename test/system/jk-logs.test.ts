// What the logs of a site with mod_jk are told: notes, request lines, events of workers.

import assert from 'node:assert/strict';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UNDER_TEST } from '../support/front.ts';
import { JkSide } from '../support/jk.ts';
import { until } from '../support/port.ts';

/** Long enough for lines that wait for company, on a busy machine. */
const LIMIT_MS = 20_000;
const FACTS = 'NAME VALUE ACCESSED SESSIONS ERRORS BUSY ACTIVATION STATE'.split(' ');
const noted = (which: string) => FACTS.map((fact) => `%{JK_LB_${which}_${fact}}n`).join(',');
const FORMAT = `%{JK_WORKER_NAME}n %{JK_WORKER_TYPE}n %{JK_WORKER_ROUTE}n %{JK_REQUEST_DURATION}n ${noted('FIRST')} ${noted('LAST')}`;

const SITE = {
  workers: `worker.list=lb,w
worker.lb.type=lb
worker.lb.balance_workers=a,b
worker.a.host=127.0.0.1
worker.a.port=@a@
worker.a.retries=1
worker.b.host=127.0.0.1
worker.b.port=@b@
worker.w.host=127.0.0.1
worker.w.port=@c@
`,
  conf: `JkMount /x/* lb
JkMount /w/* w
JkMount /n/* nobody
JkLogStampFormat "<%Y %Q> "
JkRequestLogFormat "%w|%R|%s|%m|%U|%q|%H|%v|%V|%p|%b|%B|%r"
LogFormat "${FORMAT}" jk
CustomLog @DIR@/access.log jk
`,
};

// JkLogFile, JkLogStampFormat, JkRequestLogFormat
test('logs tell of the worker, the members and the time of each request, and of members that fail', async () => {
  await using side = await JkSide.start(UNDER_TEST, SITE);
  for (const path of ['/w/p?q=1', '/x/do:nobody', '/n/p', '/elsewhere']) await side.ask({ path });
  await side.backends.mode('b', 'refuse');
  await side.ask({ path: '/x/do:nobody' });
  const lines = (path: string) => side.read(path).split('\n').slice(0, -1);
  const requests = () => lines('mod_jk.log').filter((line) => /^<\d{4} \d{3}> [^[]/.test(line));
  assert.ok(await until(() => lines('access.log').length === 5, LIMIT_MS));
  assert.deepEqual(
    lines('access.log').map((line) => line.replace(/ \d+\.\d{6} /, ' TIME ')),
    [
      `w ajp13 - TIME ${'-,'.repeat(7)}- ${'-,'.repeat(7)}-`,
      'lb lb a TIME a,1,1,1,0,0,ACT,OK a,1,1,1,0,0,ACT,OK',
      `nobody - - - ${'-,'.repeat(7)}- ${'-,'.repeat(7)}-`,
      `- - - - ${'-,'.repeat(7)}- ${'-,'.repeat(7)}-`,
      'lb lb a TIME b,1,1,1,1,0,ACT,ERR a,2,2,2,0,0,ACT,OK',
    ],
  );
  assert.ok(await until(() => requests().length === 4, LIMIT_MS));
  const [first, second, ...more] = requests();
  const names = 'www.example.test|www.example.test|80';
  assert.match(
    first.slice(11),
    new RegExp(
      `^w\\|-\\|200\\|GET\\|/w/p\\|\\?q=1\\|HTTP/1.1\\|${names.replaceAll('|', '\\|')}\\|\\d+\\|\\d+\\|GET /w/p\\?q=1 HTTP/1\\.1$`,
    ),
  );
  assert.equal(second.slice(11), `lb|a|200|GET|/x/do:nobody||HTTP/1.1|${names}|-|0|GET /x/do:nobody HTTP/1.1`);
  assert.deepEqual(
    more.map((line) => line.slice(11).split('|').slice(0, 3).join('|')),
    ['nobody|-|500', 'lb|a|200'],
  );
  const failed = lines('mod_jk.log').find((line) => line.includes('member-failed'));
  assert.match(failed ?? '', /^<\d{4} \d{3}> \[\d+:\d+\] \[warn\] member-failed balancer=lb member=b /);
});

test('JkLogFile is opened anew at a graceful restart', async () => {
  await using side = await JkSide.start(UNDER_TEST, SITE);
  await side.ask({ path: '/w/p' });
  assert.ok(await until(() => side.read().includes('w|-|200'), LIMIT_MS));
  renameSync(join(side.front.dir, 'mod_jk.log'), join(side.front.dir, 'mod_jk.log.1'));
  side.front.child.signal('SIGUSR1');
  assert.ok(await until(() => existsSync(join(side.front.dir, 'mod_jk.log')), LIMIT_MS));
  await side.ask({ path: '/w/again' });
  assert.ok(await until(() => side.read().includes('/w/again'), LIMIT_MS));
  assert.ok(!side.read('mod_jk.log.1').includes('/w/again'));
});
