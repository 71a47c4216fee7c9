// mod_jk's samples that Catflap comes from, unedited, in front of two real Tomcats, without an httpd.conf.

import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { fetchOnce, headerOf } from '../support/client.ts';
import { Front } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { freePort, until } from '../support/port.ts';
import { seedText, startWorkersFront, statusFiles } from '../support/seed-jk.ts';
import { Tomcat } from '../support/tomcat.ts';

const isLong = process.env.CATFLAP_LONG === '1';
/** Times of the sample are minutes; a short run shortens them on the command line. */
const SHORT_TIMES = ['worker.router.recover_time=1', 'worker.maintain=1'];
const GIVEN_BACK_MS = isLong ? 150_000 : 20_000;

let tomcats: [Tomcat, Tomcat];

describe("mod_jk's samples in front of two Tomcats", needs('tomcat'), () => {
  before(async () => {
    tomcats = await Promise.all([Tomcat.start({ route: 'worker1' }), Tomcat.start({ route: 'worker2' })]);
  });
  after(async () => {
    for (const tomcat of tomcats) await tomcat.stop();
  });

  const places = () => tomcats.map(({ ajpPort }, i) => [`myhost${i + 1}:8009`, `127.0.0.1:${ajpPort}`] as const);

  test('advanced: the hot standby takes over with its sessions and gives back', async () => {
    await using front = await startWorkersFront({
      workers: seedText('workers-advanced.properties'),
      mount: ['/*=router'],
      places: places(),
      property: isLong ? [] : SHORT_TIMES,
    });
    assert.equal(await membersOf(front, 10), 'worker1 '.repeat(10).trim());
    const begun = await fetchOnce(front.port, { path: '/webapp/count' });
    const cookie = headerOf(begun, 'set-cookie')?.split(';')[0] ?? '';
    assert.match(cookie, /^JSESSIONID=[0-9A-F]+\.worker1$/);

    await tomcats[0].kill();
    assert.equal(await membersOf(front, 10, cookie), 'worker2 '.repeat(10).trim());
    assert.equal(await membersOf(front, 10), 'worker2 '.repeat(10).trim());

    await tomcats[0].restart();
    assert.ok(await until(async () => (await membersOf(front, 1)) === 'worker1', GIVEN_BACK_MS));
    assert.equal(await membersOf(front, 10), 'worker1 '.repeat(10).trim());
  });

  test('basic: no worker is listed, so that what is mounted to balance1 is answered 500', async () => {
    await using front = await startWorkersFront({
      workers: seedText('workers-basic.properties'),
      mount: ['/webapp/*=balance1'],
      places: places(),
    });
    assert.equal(await membersOf(front, 2), '500 500');
    assert.equal((await fetchOnce(front.port, { path: '/elsewhere' })).status, 404);
  });

  test('basic: once balance1 is listed it serves from the one member that has a host', async () => {
    await using front = await startWorkersFront({
      workers: seedText('workers-basic.properties'),
      mount: ['/webapp/*=balance1'],
      // The sample never says where worker2 is: nobody listens where it is looked for.
      places: [
        ['myhost2:8009', `127.0.0.1:${tomcats[0].ajpPort}`],
        ['localhost:8009', `127.0.0.1:${await freePort()}`],
      ],
      property: ['worker.list=balance1'],
    });
    assert.equal(await membersOf(front, 10), 'worker1 '.repeat(10).trim());
  });
});

test('status: the snippets, cut into the two files they name, show the workers to this machine alone', async () => {
  const { workers, httpdConf } = statusFiles();
  const port = await freePort();
  await using front = await Front.start('catflap', {
    port,
    confFile: 'httpd.conf',
    files: { 'workers.properties': workers, 'httpd.conf': httpdConf },
    arguments: ['--workers', '@DIR@/workers.properties', '--listen', `127.0.0.1:${port}`],
  });
  const page = await fetchOnce(front.port, { path: '/jkmanager/?mime=prop' });
  assert.equal(page.status, 200);
  assert.match(page.body.toString(), /^worker\.jk_version=/m);
  assert.equal(await statusFrom('127.0.0.2', front.port, '/jkmanager/?mime=prop'), 403);
  assert.equal((await fetchOnce(front.port, { path: '/elsewhere' })).status, 404);
});

/** The answer to a client at another address. */
function statusFrom(localAddress: string, port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = get({ host: '127.0.0.1', port, path, localAddress, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('error', reject);
  });
}

/** The members that answer this many requests. */
async function membersOf(front: Front, requests: number, cookie?: string): Promise<string> {
  const members: string[] = [];
  for (let i = 0; i < requests; i++) {
    const headers: [string, string][] = cookie === undefined ? [] : [['Cookie', cookie]];
    const answer = await fetchOnce(front.port, { path: '/webapp/echo', headers });
    members.push(answer.status === 200 ? (headerOf(answer, 'x-member') ?? '-') : String(answer.status));
  }
  return members.join(' ');
}
