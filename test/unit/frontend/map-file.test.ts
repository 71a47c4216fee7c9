// uriworkermap.properties while it serves: when it is looked at, when new rules count, and what keeps the old ones.

import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { Findings } from '../../../src/config/finding.ts';
import { MapFile, type MapFileSource } from '../../../src/frontend/jk/map-file.ts';
import { readMounts } from '../../../src/site/jk/read-mounts.ts';
import type { JkMount } from '../../../src/site/model.ts';
import { turns } from './lab.ts';

const PATH = '/srv/u.properties';

/** A file that a test writes, octet by octet if it likes. */
class Written implements MapFileSource {
  text: string;
  version = 1;
  error: NodeJS.ErrnoException | undefined = undefined;
  looks = 0;

  constructor(text: string) {
    this.text = text;
  }

  write(text: string): void {
    this.text = text;
    this.version++;
  }

  async stamp(): Promise<{ text: string; sizeBytes: number }> {
    this.looks++;
    if (this.error !== undefined) throw this.error;
    return { text: `${this.version} ${this.text.length}`, sizeBytes: this.text.length };
  }

  async read(): Promise<Buffer> {
    return Buffer.from(this.text);
  }
}

interface Watch {
  readonly file: Written;
  readonly clock: VirtualClock;
  readonly log: MemoryLog;
  readonly map: MapFile;
  /** Rules in force, as `/pattern=worker`. */
  rules(): string;
  /** Lets time pass and what it brings about end. */
  pass(ms: number): Promise<void>;
  events(): string[];
}

function watch(text: string, reloadSeconds = 10): Watch {
  const file = new Written(text);
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const mounts = readMounts(text, PATH, { findings: new Findings(), environment: {} });
  let inForce: readonly JkMount[] = mounts;
  const mountFile = { path: PATH, reloadMs: reloadSeconds * 1000, mounts, place: { file: '/srv/httpd.conf', line: 1 } };
  const map = new MapFile(
    mountFile,
    clock,
    log,
    (changed) => {
      inForce = changed;
    },
    file,
  );
  map.start();
  return {
    file,
    clock,
    log,
    map,
    rules: () => inForce.map(({ pattern, worker }) => `${pattern}=${worker}`).join(' '),
    async pass(ms) {
      clock.advance(ms);
      await turns(5);
      clock.advance(60);
      await turns(5);
    },
    events: () => log.events.map(({ event }) => event),
  };
}

// JkMountFileReload
test('a changed file is read after JkMountFileReload seconds, and not before (J-MAP-14b)', async () => {
  const each = watch('/j/*=a\n');
  each.file.write('/n/*=b\n');
  await each.pass(9_000);
  assert.equal(each.rules(), '/j/*=a');
  await each.pass(2_000);
  assert.equal(each.rules(), '/n/*=b');
  assert.deepEqual(each.events(), ['mount-file-reloaded']);
});

test('a file that has not changed is looked at once in that time, and read again once at most', async () => {
  const each = watch('/j/*=a\n');
  for (let i = 0; i < 5; i++) await each.pass(10_000);
  assert.ok(each.file.looks <= 6, String(each.file.looks));
  assert.deepEqual(each.events(), []);
});

test('JkMountFileReload 0 never looks, and a site that has retired does not either', async () => {
  const never = watch('/j/*=a\n', 0);
  never.file.write('/n/*=b\n');
  await never.pass(1_000_000);
  assert.equal(never.file.looks, 0);
  const retired = watch('/j/*=a\n');
  retired.map.stop();
  await retired.pass(100_000);
  assert.equal(retired.file.looks, 0);
});

test('half a file is not taken: who writes is waited for', async () => {
  const each = watch('/j/*=a\n');
  each.file.write('/n/*');
  each.clock.advance(10_000);
  await turns(5);
  each.file.write('/n/*=b\n/m/*=b\n');
  each.clock.advance(60);
  await turns(5);
  assert.equal(each.rules(), '/j/*=a');
  await each.pass(10_000);
  assert.equal(each.rules(), '/n/*=b /m/*=b');
});

test('a file that is gone, unreadable or without any rule leaves the old rules, and is told once', async () => {
  for (const spoil of [
    (file: Written) => {
      file.error = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
    },
    (file: Written) => {
      file.error = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    },
    (file: Written) => file.write('<html>not found</html>\nno rule\n'),
  ]) {
    const each = watch('/j/*=a\n');
    spoil(each.file);
    for (let i = 0; i < 3; i++) await each.pass(10_000);
    assert.equal(each.rules(), '/j/*=a');
    assert.deepEqual(each.events(), ['mount-file-unusable']);
    // A root-only file names the mend.
    const { fields } = each.log.events[0];
    assert.equal(fields.hint !== undefined, each.file.error?.code === 'EACCES');
    each.file.error = undefined;
    each.file.write('/n/*=b\n');
    await each.pass(10_000);
    assert.equal(each.rules(), '/n/*=b');
  }
});

test('an empty file takes all rules away; lines that are none are told, the others count', async () => {
  const empty = watch('/j/*=a\n');
  empty.file.write('# nothing\n');
  await empty.pass(10_000);
  assert.equal(empty.rules(), '');
  const partly = watch('/j/*=a\n');
  partly.file.write('/n/*=b\nnonsense\n');
  await partly.pass(10_000);
  assert.equal(partly.rules(), '/n/*=b');
  assert.deepEqual(partly.events(), ['mount-file-finding', 'mount-file-reloaded']);
});

test('a file of the disk: another one of the same time and size in its place is seen', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'map-file-'));
  const path = join(folder, 'u.properties');
  writeFileSync(path, '/j/*=a\n');
  const clock = new VirtualClock();
  const got: string[] = [];
  const mountFile = { path, reloadMs: 1000, mounts: [], place: { file: '', line: 1 } };
  const map = new MapFile(mountFile, clock, new MemoryLog(), (mounts) => got.push(mounts[0].worker));
  const look = async () => {
    const looking = map.look();
    const timer = setInterval(() => clock.advance(60), 1);
    await looking;
    clearInterval(timer);
  };
  try {
    await look();
    writeFileSync(`${path}.new`, '/j/*=b\n');
    utimesSync(path, 1e9, 1e9);
    utimesSync(`${path}.new`, 1e9, 1e9);
    renameSync(`${path}.new`, path);
    await look();
    assert.deepEqual(got, ['a', 'b']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
