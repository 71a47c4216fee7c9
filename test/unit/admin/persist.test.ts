// BalancerPersist with a real folder: changes outlive the server, and nothing about the file can keep it from starting.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CHANGES_FILE, CHANGES_FILE_BYTES_MAX } from '../../../src/frontend/changes-file.ts';
import { CONF, Manager } from './manager.ts';

const DIR = mkdtempSync(join(tmpdir(), 'changes-'));
after(() => rmSync(DIR, { recursive: true, force: true }));
const FILE = join(DIR, CHANGES_FILE);
const conf = `DefaultRuntimeDir ${DIR}\nBalancerPersist On\n${CONF}`;
const member = 'w=http://a.test';
const events = (manager: Manager) =>
  manager.log.events.map(({ event }) => event).filter((event) => event !== 'balancer-changed');

async function changed(): Promise<void> {
  rmSync(FILE, { force: true });
  await using manager = await Manager.open(conf);
  assert.ok((await manager.get()).includes('Balancer changes will be persisted on restart.'));
  await manager.post('b_wyes=1&b_nwrkr=http://x.test');
  await manager.post(`${member}&w_lf=4&w_status_N=1`);
}

// BalancerPersist
test('changes outlive the server and beat the file, and are told at the start', async () => {
  await changed();
  await using manager = await Manager.open(conf.replace('route=a', 'route=a loadfactor=9'));
  assert.deepEqual(
    (await manager.rows()).map((row) => [row[0], row[3], row[5]]),
    [
      ['http://a.test', '4.00', 'Init Drn Ok '],
      ['http://b.test', '3.00', 'Init Ok '],
      ['http://x.test', '1.00', 'Init Dis '],
    ],
  );
  const told = manager.log.events.filter(({ event }) => event === 'saved-change-in-force');
  assert.deepEqual(
    told.map(({ fields }) => `${fields.parameter} ${fields.configured} ${fields.inForce}`),
    ['member undefined added at run time', 'loadfactor 9 4', 'status drain false true'],
  );
});

test('a reload writes what is in force by then, and a restart that is not graceful reads it', async () => {
  await changed();
  {
    await using manager = await Manager.open(conf);
    await manager.reload(conf.replace('route=a', 'route=a loadfactor=9'));
    assert.equal((await manager.rows())[0][3], '9.00');
  }
  await using manager = await Manager.open(conf);
  assert.equal((await manager.rows())[0][3], '9.00', 'the value of the reload is in force');
  await manager.server.reload(manager.server.site.snapshot, 'restart');
  assert.deepEqual(
    (await manager.rows()).map((row) => row[3]),
    ['9.00', '3.00', '1.00'],
  );
});

test('the last change that is taken back takes the file away', async () => {
  rmSync(FILE, { force: true });
  await using manager = await Manager.open(conf);
  await manager.post(`${member}&w_lf=4`);
  assert.ok(existsSync(FILE));
  await manager.post(`${member}&w_lf=1`);
  assert.deepEqual(
    readdirSync(DIR).filter((name) => !name.endsWith('.broken')),
    [],
  );
});

test('without BalancerPersist nothing is read and nothing written', async () => {
  await changed();
  const text = readFileSync(FILE, 'utf8');
  await using manager = await Manager.open(conf.replace('BalancerPersist On', 'BalancerPersist Off'));
  assert.ok((await manager.get()).includes('Balancer changes will NOT be persisted on restart.'));
  assert.equal((await manager.rows())[0][3], '1.00');
  await manager.post(`${member}&w_lf=7`);
  assert.equal(readFileSync(FILE, 'utf8'), text);
});

test('a broken file is set aside, and the server starts as its configuration says', async () => {
  for (const spoil of [
    () => truncateSync(FILE, 100),
    () => writeFileSync(FILE, '{"format":1}'),
    () => writeFileSync(FILE, ''),
    () => truncateSync(FILE, CHANGES_FILE_BYTES_MAX + 1),
  ]) {
    await changed();
    spoil();
    await using manager = await Manager.open(conf);
    assert.equal((await manager.rows())[0][3], '1.00');
    assert.deepEqual(events(manager), ['saved-changes-broken']);
    assert.ok(!existsSync(FILE) && existsSync(`${FILE}.broken`));
  }
});

test('a change is in force although it cannot be saved, and that is told', async () => {
  await using manager = await Manager.open(conf.replace(DIR, '/proc/nowhere'));
  await manager.post(`${member}&w_lf=4`);
  assert.equal((await manager.rows())[0][3], '4.00');
  assert.deepEqual(events(manager), ['changes-not-saved']);
});

test('the page promises to keep changes only where they can be kept', async () => {
  const promise = async (text: string) => {
    await using manager = await Manager.open(text);
    return /Balancer changes will (.*?)be persisted/.exec(await manager.get())?.[1];
  };
  assert.equal(await promise(conf), '');
  assert.equal(await promise(conf.replace(DIR, '/proc/nowhere')), 'NOT ');
  assert.equal(await promise(conf.replace('BalancerPersist On', 'BalancerPersist Off')), 'NOT ');
});
