import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure } from '../../../src/base/failure.ts';
import { descriptors } from '../../support/child.ts';
import { OLD, Place } from './place.ts';

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';
const BIG = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));

test('a file is answered with its validators, type and length', async () => {
  using place = new Place();
  place.write('r.txt', LETTERS);
  const answer = await place.get('/r.txt');
  assert.equal(answer.status, 200);
  assert.equal(answer.text, LETTERS);
  assert.deepEqual(answer.exchange.response.fields.entries(), [
    ['Last-Modified', 'Tue, 02 Jan 2024 03:04:05 GMT'],
    ['ETag', `"24-${(BigInt(OLD.getTime()) * 1000n).toString(16)}"`], // size and microseconds, as httpd writes it
    ['Accept-Ranges', 'bytes'],
    ['Content-Type', 'text/plain'],
  ]);
  assert.equal(answer.exchange.response.bodyLength, 36);
});

test('the second answer comes from memory and is the same', async () => {
  using place = new Place();
  place.write('r.txt', LETTERS);
  const first = await place.get('/r.txt');
  const second = place.begin('/r.txt');
  assert.equal(second.isEnded, true, 'answered before serve returned');
  assert.equal(second.text, LETTERS);
  assert.deepEqual(second.exchange.response.fields.entries(), first.exchange.response.fields.entries());
  assert.equal(second.headCount, 1);
});

test('a changed file is served changed once the trust in the old one is over', async () => {
  using place = new Place();
  const file = place.write('a.txt', 'old');
  await place.get('/a.txt');
  writeFileSync(file, 'new');
  place.clock.advance(place.files.hot.limits.trustMs);
  assert.equal((await place.get('/a.txt')).text, 'new');
});

test('a file that is gone is not served from memory', async () => {
  using place = new Place();
  const file = place.write('a.txt', 'old');
  await place.get('/a.txt');
  execFileSync('rm', [file]);
  place.clock.advance(1000);
  assert.equal((await place.get('/a.txt')).status, 404);
  assert.equal(place.files.hot.count, 0);
});

test('an unchanged file is trusted again after one look, and requests meanwhile wait for it', async () => {
  using place = new Place();
  place.write('a.txt', 'same');
  await place.get('/a.txt');
  place.clock.advance(1000);
  const waiting = [place.begin('/a.txt'), place.begin('/a.txt')];
  assert.deepEqual(
    waiting.map((each) => each.isEnded),
    [false, false],
  );
  for (const each of waiting) assert.equal((await each.finished()).text, 'same');
  assert.equal(place.begin('/a.txt').isEnded, true);
});

test('a client that leaves while the file is looked at gets nothing more', async () => {
  using place = new Place();
  place.write('a.txt', 'same');
  await place.get('/a.txt');
  place.clock.advance(1000);
  const gone = place.begin('/a.txt');
  const stays = place.begin('/a.txt');
  gone.abort(new Failure('client-closed', 'downstream', 'gone'));
  await stays.finished();
  assert.equal(gone.headCount, 0);
});

test('a file written just now has a weak ETag and is not kept', async () => {
  using place = new Place();
  const file = place.write('a.txt', 'x');
  const wall = place.clock.wall();
  utimesSync(file, wall / 1000, wall / 1000);
  const answer = await place.get('/a.txt');
  assert.match(answer.field('ETag') ?? '', /^W\/"1-[0-9a-f]+"$/);
  assert.equal(place.files.hot.count, 0);
});

test('other settings get another head, not the remembered one', async () => {
  using place = new Place();
  place.write('a.txt', 'x');
  await place.get('/a.txt');
  place.settings = { forceType: 'text/css', etag: ['None'] };
  const answer = await place.get('/a.txt');
  assert.equal(answer.field('Content-Type'), 'text/css');
  assert.equal(answer.field('ETag'), undefined);
});

test('memory holds no more octets and entries than its limits, the longest unused go first', async () => {
  using place = new Place({ totalBytes: 250, entryCount: 10 });
  for (const name of ['a', 'b', 'c']) {
    place.write(name, name.repeat(100));
    await place.get(`/${name}`);
  }
  assert.equal(place.files.hot.totalBytes, 200);
  assert.equal(place.begin('/a').isEnded, false);
  assert.equal(place.begin('/c').isEnded, true);

  using narrow = new Place({ entryCount: 2 });
  for (const name of ['a', 'b', 'c']) {
    narrow.write(name, name);
    await narrow.get(`/${name}`);
  }
  assert.equal(narrow.files.hot.count, 2);
});

for (const where of ['disk', 'memory'] as const) {
  test(`HEAD, conditions and ranges are answered from ${where}`, async () => {
    using place = new Place(where === 'disk' ? { fileBytes: 0 } : {});
    place.write('r.txt', LETTERS);
    const etag = (await place.get('/r.txt')).field('ETag') ?? '';
    assert.equal(place.files.hot.count, where === 'disk' ? 0 : 1);

    const head = await place.get('/r.txt', { method: 'HEAD' });
    assert.deepEqual([head.status, head.exchange.response.bodyLength, head.text], [200, 36, '']);

    const same = await place.get('/r.txt', { fields: { 'If-None-Match': etag } });
    assert.deepEqual(
      [same.status, same.text, same.field('Content-Type'), same.field('ETag')],
      [304, '', undefined, etag],
    );

    const failed = await place.get('/r.txt', { fields: { 'If-Match': '"x"' } });
    assert.equal(failed.status, 412);

    const part = await place.get('/r.txt', { fields: { Range: 'bytes=2-5' } });
    assert.deepEqual([part.status, part.text, part.field('Content-Range')], [206, '2345', 'bytes 2-5/36']);
    assert.equal(part.exchange.response.bodyLength, 4);

    const beyond = await place.get('/r.txt', { fields: { Range: 'bytes=36-' } });
    assert.deepEqual([beyond.status, beyond.field('Content-Range')], [416, 'bytes */36']);

    const parts = await place.get('/r.txt', { fields: { Range: 'bytes=5-6,0-1' } });
    const expected =
      '\r\n--limit\r\nContent-Type: text/plain\r\nContent-Range: bytes 5-6/36\r\n\r\n56' +
      '\r\n--limit\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/36\r\n\r\n01\r\n--limit--\r\n';
    assert.deepEqual([parts.status, parts.text], [206, expected]);
    assert.equal(parts.field('Content-Type'), 'multipart/byteranges; boundary=limit');
    assert.equal(parts.exchange.response.bodyLength, expected.length);

    const two = await place.get('/r.txt', { fields: { Range: ['bytes=0-1', 'bytes=3-4'] } });
    assert.equal(two.status, 200, 'two Range fields are no range');
    const headPart = await place.get('/r.txt', { method: 'HEAD', fields: { Range: 'bytes=2-5' } });
    assert.equal(headPart.status, 200, 'only GET has ranges');
  });
}

test('POST gets the file, as from httpd; other known methods 405, unknown ones 501, OPTIONS the list', async () => {
  using place = new Place();
  place.write('r.txt', LETTERS);
  assert.equal((await place.get('/r.txt', { method: 'POST' })).text, LETTERS);
  for (const [method, status] of [
    ['PUT', 405],
    ['DELETE', 405],
    ['PROPFIND', 405],
    ['TRACE', 405],
    ['BREW', 501],
    ['get', 501],
  ] as const) {
    const answer = await place.get('/r.txt', { method });
    assert.deepEqual([answer.status, answer.field('Allow')], [status, 'GET,POST,OPTIONS,HEAD']);
  }
  const options = await place.get('/nope', { method: 'OPTIONS' });
  assert.deepEqual([options.status, options.field('Allow'), options.text], [200, 'GET,POST,OPTIONS,HEAD', '']);
});

test('what does not exist is 404, what may not be read is 403', async () => {
  using place = new Place();
  place.write('r.txt', LETTERS);
  place.write('closed.txt', LETTERS);
  for (const path of ['/nope', '/nope/', '/r.txt/x', '/r.txt/', '/R.TXT', '/a\0b', '/\xff']) {
    assert.equal((await place.get(path)).status, 404, path);
  }
  assert.equal((await place.get(`/${'x'.repeat(300)}`)).status, 403);
  execFileSync('/usr/bin/mkfifo', [join(place.dir, 'pipe')]);
  assert.equal((await place.get('/pipe')).status, 403);
  if (process.getuid?.() !== 0) {
    chmodSync(join(place.dir, 'closed.txt'), 0);
    assert.equal((await place.get('/closed.txt')).status, 403);
  }
});

test('names with a leading dot are refused, .ht* forbidden, .well-known served', async () => {
  using place = new Place();
  for (const path of ['.secret', '.hidden/x', '.htaccess', 'a/.htpasswd', '.well-known/acme-challenge/t'])
    place.write(path, 'x');
  assert.equal((await place.get('/.secret')).status, 404);
  assert.equal((await place.get('/.hidden/x')).status, 404);
  assert.equal((await place.get('/.htaccess')).status, 403);
  assert.equal((await place.get('/a/.htpasswd')).status, 403);
  assert.equal((await place.get('/.htfoo/bar')).status, 403);
  assert.equal((await place.get('/.well-known/acme-challenge/t')).status, 200);
  assert.equal((await place.get('/.well-known/.secret')).status, 404);
  assert.equal((await place.get('/../r.txt')).status, 403);
});

test('a folder without its slash is redirected to the absolute URL, query included', async () => {
  using place = new Place();
  place.write('sp ace<b>&/x.html', 'x');
  const answer = await place.get('/sp ace<b>&?a=b&c');
  assert.equal(answer.status, 301);
  assert.equal(answer.field('Location'), 'http://www.example.test/sp%20ace%3cb%3e&/?a=b&c');
  assert.match(answer.text, /href="http:\/\/www\.example\.test\/sp%20ace%3cb%3e&#38;\/\?a=b&#38;c"/);
  place.settings = { directorySlash: false };
  assert.equal((await place.get('/sp ace<b>&')).status, 404);
});

test('a folder leads to the first index that exists, by an internal redirect', async () => {
  using place = new Place();
  place.write('d/first.html', 'x');
  place.settings = { directoryIndex: ['nope.html', 'first.html'] };
  await place.get('/d/');
  await place.get('/d/'); // remembered
  assert.deepEqual(place.redirects, ['/d/first.html', '/d/first.html']);
  place.settings = { directoryIndex: ['nope.html', '/r.txt'] };
  await place.get('/d/');
  assert.equal(place.redirects[2], '/r.txt');
});

test('an index that is gone is not remembered for long', async () => {
  using place = new Place();
  const file = place.write('d/index.html', 'x');
  await place.get('/d/');
  execFileSync('rm', [file]);
  place.clock.advance(place.files.hot.limits.trustMs);
  assert.equal((await place.get('/d/')).status, 404);
});

test('a folder without index is never listed: 403 where mod_autoindex is loaded, 404 elsewhere', async () => {
  using place = new Place();
  place.write('d/x.html', 'x');
  assert.equal((await place.get('/d/')).status, 404);
  place.folderStatus = 403;
  assert.equal((await place.get('/d/')).status, 403);
  assert.equal((await place.get('/nope/')).status, 404);
  place.settings = { directoryIndex: ['disabled'] };
  place.write('d/index.html', 'x');
  assert.equal((await place.get('/d/')).status, 403);
});

test('FallbackResource takes what leads nowhere', async () => {
  using place = new Place();
  place.write('d/x.html', 'x');
  place.settings = { fallbackResource: '/app' };
  await place.get('/nope');
  await place.get('/nope/');
  await place.get('/d/');
  assert.deepEqual(place.redirects, ['/app', '/app', '/app']);
  assert.equal((await place.get('/app')).status, 404, 'never to itself');
});

test('symbolic links are followed unless Options say otherwise', async () => {
  using place = new Place();
  place.write('r.txt', LETTERS);
  place.write('d/x.txt', 'x');
  symlinkSync('r.txt', join(place.dir, 'l.txt'));
  symlinkSync('d', join(place.dir, 'dl'));
  for (const path of ['/l.txt', '/dl/x.txt']) assert.equal((await place.get(path)).status, 200);

  place.settings = { options: { isAbsolute: true, add: [], remove: [] } };
  for (const path of ['/l.txt', '/dl/x.txt']) assert.equal((await place.get(path)).status, 403);
  for (const path of ['/r.txt', '/d/x.txt']) assert.equal((await place.get(path)).status, 200);
  assert.deepEqual(place.failures, ['static-link-refused', 'static-link-refused']);

  place.settings = { options: { isAbsolute: true, add: ['SymLinksIfOwnerMatch'], remove: [] } };
  assert.equal((await place.get('/l.txt')).status, 200);
  if (process.getuid?.() === 0) {
    execFileSync('chown', ['-h', '65534', join(place.dir, 'l.txt')]);
    assert.equal((await place.get('/l.txt')).status, 403);
  }
});

test('a program is not sent as text', async () => {
  using place = new Place();
  place.write('cgi/run.sh', '#!/bin/sh');
  place.host = { documentRoot: place.dir, aliasRules: [alias('/cgi-bin/', join(place.dir, 'cgi/'), 'script-alias')] };
  const answer = await place.get('/cgi-bin/run.sh');
  assert.deepEqual([answer.status, answer.text.includes('/bin/sh')], [500, false]);
  place.settings = { mime: mime({ types: [['sh', 'application/x-httpd-php']] }) };
  assert.equal((await place.get('/cgi/run.sh')).status, 500);
  place.settings = { mime: mime({ handlers: [['sh', 'cgi-script']] }) };
  assert.equal((await place.get('/cgi/run.sh')).status, 500);
});

test('an alias whose pattern lets a client climb is stopped', async () => {
  using place = new Place();
  place.write('secret.txt', 's');
  place.write('pub/x.txt', 'x');
  const pattern = { kind: 'regex', source: '^/p(.*)$', regex: /^\/p(.*)$/ } as const;
  place.host = {
    documentRoot: place.dir,
    aliasRules: [{ kind: 'alias', pattern, path: `${place.dir}/pub/$1`, place: { file: 'x', line: 1 } }],
  };
  assert.equal((await place.get('/p/x.txt')).status, 200);
  assert.equal((await place.get('/p../secret.txt')).status, 403);
});

for (const where of ['disk', 'memory'] as const) {
  test(`the page of an error goes out whole with the error's status, from ${where}`, async () => {
    using place = new Place(where === 'disk' ? { fileBytes: 0 } : {});
    place.write('err.html', 'sorry');
    const etag = (await place.get('/err.html')).field('ETag') ?? '';
    place.errorStatus = 403;
    const fields = { 'If-None-Match': etag, Range: 'bytes=0-1' };
    for (const method of ['GET', 'PUT', 'BREW']) {
      const answer = await place.get('/err.html', { method, fields });
      assert.deepEqual([answer.status, answer.text], [403, 'sorry']);
    }
    const head = await place.get('/err.html', { method: 'HEAD', fields });
    assert.deepEqual([head.status, head.text], [403, '']);
  });
}

test('a large file is streamed in pieces and waits for a slow client', async () => {
  using place = new Place();
  place.write('big.bin', BIG);
  const answer = place.begin('/big.bin', { congestEvery: 50_000 });
  let drains = 0;
  while (!answer.isEnded) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (answer.exchange.congested) {
      drains++;
      answer.drain();
    }
  }
  assert.ok(answer.body.equals(BIG));
  assert.ok(drains >= 2);
  assert.equal(place.files.hot.count, 0);
  const part = await place.get('/big.bin', { fields: { Range: 'bytes=100000-199999' } });
  assert.ok(part.body.equals(BIG.subarray(100_000, 200_000)));
});

test('when the client leaves, the file is closed and nothing is sent', async () => {
  using place = new Place();
  place.write('big.bin', BIG);
  const answer = place.begin('/big.bin', { congestEvery: 1 });
  while (!answer.exchange.congested) await new Promise((resolve) => setTimeout(resolve, 1));
  const sent = answer.body.length;
  answer.abort(new Failure('client-closed', 'downstream', 'gone'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(answer.body.length, sent);
  const open = descriptors(process.pid).filter((target) => target.startsWith(place.dir));
  assert.deepEqual(open, [], 'no descriptor is left');
});

test('a file that shrinks while it is sent breaks the response off', async () => {
  using place = new Place();
  const file = place.write('big.bin', BIG);
  const answer = place.begin('/big.bin', { congestEvery: 1 });
  while (!answer.exchange.congested) await new Promise((resolve) => setTimeout(resolve, 1));
  truncateSync(file, 10);
  while (!answer.isBroken) {
    if (answer.exchange.congested) answer.drain();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(answer.exchange.failure?.code, 'static-read-failed');
  assert.equal(answer.isEnded, false);
});

function alias(path: string, to: string, kind: 'alias' | 'script-alias' = 'alias') {
  return { kind, pattern: { kind: 'prefix', path }, path: to, place: { file: 'x', line: 1 } } as const;
}

function mime(maps: { types?: [string, string][]; handlers?: [string, string][] }) {
  const empty = new Map<string, string>();
  return {
    types: new Map(maps.types ?? []),
    handlers: new Map(maps.handlers ?? []),
    encodings: empty,
    charsets: empty,
    languages: empty,
  };
}
