// The configurations Catflap comes from, unedited, in front of two real Tomcats.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Answer, converse, fetchOnce, HttpConnection, headerOf, requestBytes } from '../support/client.ts';
import { type Front, UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { sleep, until } from '../support/port.ts';
import { type Edit, FORMS, type Form, startSeedFront } from '../support/seed.ts';
import { downloadBytes, Tomcat } from '../support/tomcat.ts';

const isLong = process.env.CATFLAP_LONG === '1';
const MIB = 1024 * 1024;
const PIECE = 256 * 1024;

let tomcats: [Tomcat, Tomcat];

describe(
  'the seed in front of two Tomcats',
  needs('tomcat', ...(UNDER_TEST === 'httpd' ? (['httpd'] as const) : [])),
  () => {
    before(async () => {
      tomcats = await Promise.all([Tomcat.start({ route: 'jvm1' }), Tomcat.start({ route: 'jvm2' })]);
    });
    after(async () => {
      for (const tomcat of tomcats) await tomcat.stop();
    });

    for (const form of Object.keys(FORMS) as Form[]) {
      test(`requests without a session are dealt out 1:1 (${form})`, async () => {
        await using front = await startSeedFront(UNDER_TEST, form, tomcats);
        assert.equal(await membersOf(front, 40), 'jvm1 jvm2 '.repeat(20).trim());
      });

      test(`a session stays on its Tomcat by its cookie (${form})`, async () => {
        await using front = await startSeedFront(UNDER_TEST, form, tomcats);
        for (const expected of ['jvm1', 'jvm2']) {
          const cookie = await newSession(front, expected);
          for (let count = 2; count <= 12; count++) {
            const answer = await fetchOnce(front.port, { path: '/webapp/count', headers: [['Cookie', cookie]] });
            assert.deepEqual([headerOf(answer, 'x-member'), json(answer).count], [expected, count]);
          }
        }
      });

      test(`an unknown path is answered here, the manager is closed to strangers (${form})`, async () => {
        await using front = await startSeedFront(UNDER_TEST, form, tomcats);
        assert.equal((await fetchOnce(front.port, { path: '/nothing/here' })).status, 404);
        assert.equal((await fetchOnce(front.port, { path: '/balancer-manager/' })).status, 403);
      });
    }

    test('with load factors 1 and 9 one Tomcat gets a tenth', async () => {
      await using front = await startSeedFront(UNDER_TEST, 'server level', tomcats, oneToNine);
      const members = (await membersOf(front, 40)).split(' ');
      assert.deepEqual([count(members, 'jvm1'), count(members, 'jvm2')], [4, 36]);
    });

    test('a session stays on its Tomcat by ;jsessionid= in the path', async () => {
      const alsoInPath: Edit = (text) => text.replaceAll('=JSESSIONID', '=JSESSIONID|jsessionid');
      await using front = await startSeedFront(UNDER_TEST, 'server level', tomcats, alsoInPath);
      for (const expected of ['jvm1', 'jvm2']) {
        const id = (await newSession(front, expected)).replace('JSESSIONID=', '');
        for (let count = 2; count <= 12; count++) {
          const answer = await fetchOnce(front.port, { path: `/webapp/count;jsessionid=${id}` });
          assert.deepEqual([headerOf(answer, 'x-member'), json(answer).count], [expected, count]);
        }
      }
    });

    test('the trailing slash that the text calls wrong works, with // for the Tomcat', async () => {
      const wrong: Edit = (text) =>
        text.replaceAll('balancer://webapp>', 'balancer://webapp/>').replaceAll('8009/webapp', '8009/webapp/');
      await using front = await startSeedFront(UNDER_TEST, 'server level', tomcats, wrong);
      const answer = await fetchOnce(front.port, { path: '/webapp/servlets/hoge' });
      assert.equal(json(answer).uri, '/webapp//servlets/hoge');
    });

    test('a redirect of the Tomcat leads back through the front (Location)', async () => {
      await using front = await startSeedFront(UNDER_TEST, 'Location', tomcats);
      const answer = await fetchOnce(front.port, { path: '/webapp/redirect?to=/webapp/menu', host: 'my.example.org' });
      assert.equal(answer.status, 302);
      assert.match(headerOf(answer, 'location') ?? '', /^(http:\/\/my\.example\.org)?\/webapp\/menu$/);
    });

    describe('one request', () => {
      let front: Front;
      before(async () => {
        front = await startSeedFront(UNDER_TEST, 'server level', tomcats);
      });
      after(() => front.stop());

      test('the Tomcat sees the client, the host and the path as they were sent', async () => {
        const path = '/webapp/a%20b/%E6%97%A5%E6%9C%AC/c;v=1?p=%E3%81%82&q=a%2Fb';
        const seen = json(await fetchOnce(front.port, { path, host: 'my.example.org', headers: [['X-Test', 'a, b']] }));
        assert.partialDeepStrictEqual(seen, {
          method: 'GET',
          uri: '/webapp/a%20b/%E6%97%A5%E6%9C%AC/c;v=1',
          query: 'p=%E3%81%82&q=a%2Fb',
          pathInfo: '/a b/日本/c',
          parameter: 'あ',
          scheme: 'http',
          serverName: 'my.example.org',
          remoteAddr: '127.0.0.1',
          protocol: 'HTTP/1.1',
          headers: { host: 'my.example.org', 'x-test': 'a, b' },
        });
      });

      test('a path in raw UTF-8 arrives encoded', async () => {
        const path = Buffer.from('/webapp/日本', 'utf8').toString('latin1');
        assert.equal(json(await fetchOnce(front.port, { path })).pathInfo, '/日本');
      });

      test('every usual method arrives', async () => {
        for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND', 'REPORT', 'BREW'])
          assert.equal(json(await fetchOnce(front.port, { method, path: '/webapp/m' })).method, method);
      });

      test('HEAD has the head of GET and no body', async () => {
        await using connection = await opened(front);
        const head = await connection.request({ method: 'HEAD', path: '/webapp/download?size=1000' });
        assert.deepEqual([head.status, head.surplus], [200, 0]);
        assert.equal(headerOf(head, 'content-type'), 'application/octet-stream');
        const next = await connection.request({ path: '/webapp/after' });
        assert.equal(json(next).uri, '/webapp/after');
      });

      test('304 has no body and the connection goes on', async () => {
        await using connection = await opened(front);
        const first = await connection.request({ path: '/webapp/conditional' });
        assert.deepEqual([first.status, headerOf(first, 'etag')], [200, '"v1"']);
        const again = await connection.request({ path: '/webapp/conditional', headers: [['If-None-Match', '"v1"']] });
        assert.deepEqual([again.status, again.body.length, again.surplus], [304, 0, 0]);
        assert.equal((await connection.request({ path: '/webapp/after' })).status, 200);
      });

      test('status and error page of the Tomcat pass through', async () => {
        for (const code of [204, 400, 404, 410, 500, 503]) {
          const answer = await fetchOnce(front.port, { path: `/webapp/error?code=${code}` });
          assert.deepEqual([answer.status, answer.isComplete ?? true], [code, true]);
          if (code >= 400) assert.match(answer.body.toString(), /Tomcat/);
        }
      });

      test('Expect: 100-continue is answered before the body is sent', async () => {
        const { head, body } = requestBytes({
          method: 'POST',
          path: '/webapp/upload',
          headers: [
            ['Expect', '100-continue'],
            ['Connection', 'close'],
          ],
          body: 'x'.repeat(20_000),
        });
        const answer = await converse({ port: front.port, head, body, waitFor100: true });
        assert.equal(answer.firstLine, 'HTTP/1.1 100 Continue');
        assert.partialDeepStrictEqual(json(answer), { size: 20_000, sha1: sha1([body]) });
      });

      test('what the Tomcat flushes arrives in time when the balancer flushes packets', async () => {
        await using flushing = await startSeedFront(UNDER_TEST, 'server level', tomcats, (text) =>
          text.replaceAll('loadfactor=10', 'loadfactor=10 flushpackets=on'),
        );
        await using connection = await opened(flushing);
        const arrivals: number[] = [];
        const started = performance.now();
        await connection.exchange('GET', [requestBytes({ path: '/webapp/slow?ms=300&parts=3' }).head], () => {
          arrivals.push(performance.now() - started);
        });
        assert.ok((arrivals[0] ?? Number.NaN) < 600 && arrivals.length === 3, `arrivals: ${arrivals}`);
      });

      for (const size of [0, 1, 8183, 8184, 8185, 65_536, MIB, 64 * MIB]) {
        test(`a download of ${size} bytes is exact`, async () => {
          for (const length of ['yes', 'no']) {
            await using connection = await opened(front);
            const hash = createHash('sha1');
            let received = 0;
            const answer = await connection.exchange(
              'GET',
              [requestBytes({ path: `/webapp/download?size=${size}&length=${length}` }).head],
              (piece) => {
                hash.update(piece);
                received += piece.length;
              },
            );
            assert.deepEqual([answer.status, answer.isComplete ?? true, received], [200, true, size]);
            assert.equal(hash.digest('hex'), sha1(generated(size)));
            assert.equal((await connection.request({ path: '/webapp/after' })).status, 200);
          }
        });
      }

      for (const size of [0, 1, 8185, 8186, 8187, 65_536, MIB, 64 * MIB]) {
        test(`an upload of ${size} bytes is exact, with its length and in chunks`, async () => {
          const expected = { size, sha1: sha1(generated(size)) };
          await using connection = await opened(front);
          const withLength = await connection.exchange('POST', upload(`Content-Length: ${size}`, generated(size)));
          assert.partialDeepStrictEqual(json(withLength), expected);
          const inChunks = await connection.exchange(
            'POST',
            upload('Transfer-Encoding: chunked', chunks(generated(size))),
          );
          assert.partialDeepStrictEqual(json(inChunks), expected);
        });
      }

      test('an upload the Tomcat does not read is answered', async () => {
        const { head, body } = requestBytes({
          method: 'POST',
          path: '/webapp/refuse',
          headers: [['Connection', 'close']],
          body: 'x'.repeat(100_000),
        });
        const answer = await converse({ port: front.port, head, body });
        assert.deepEqual([answer.status, answer.body.toString()], [200, 'refused without reading']);
      });
    });

    // The default of `retry`, a minute, is waited for in the long form alone.
    for (const [title, seconds, edit] of [
      ['two seconds', 2, (text: string) => text.replaceAll('loadfactor=10', 'loadfactor=10 retry=2')],
      ...(isLong ? ([['the default, a minute', 60, (text: string) => text]] as const) : []),
    ] as const) {
      test(`a Tomcat that dies under load costs no GET, and is back after retry (${title})`, async (t) => {
        await using front = await startSeedFront(UNDER_TEST, 'server level', tomcats, edit);
        const load = startLoad(front, 8);
        await sleep(1000);
        await tomcats[0].kill();
        const diedAt = performance.now();
        await sleep(1000);
        const answers = await load.end();
        const lost = answers.filter(({ status, isComplete }) => status !== 200 && isComplete !== false);
        assert.deepEqual(lost.slice(0, 3), []);
        assert.ok(answers.length > 100, `${answers.length} answers`);
        t.diagnostic(
          `${answers.length} answers, ${answers.filter(({ isComplete }) => isComplete === false).length} cut`,
        );

        await tomcats[0].restart();
        const upAfter = (performance.now() - diedAt) / 1000;
        if (upAfter < seconds - 0.5) assert.equal((await membersOf(front, 4)).replaceAll(/jvm2 ?/g, ''), '');
        const isBack = await until(async () => (await membersOf(front, 2)).includes('jvm1'), (seconds + 3) * 1000, 200);
        assert.ok(isBack, 'the Tomcat gets requests again');
        const wait = (performance.now() - diedAt) / 1000;
        assert.ok(wait >= Math.min(seconds, upAfter) - 0.1, `back after ${wait} s`);
      });
    }
  },
);

const oneToNine: Edit = (text) =>
  text
    .replace(/route=jvm1 loadfactor=10/, 'route=jvm1 loadfactor=1')
    .replace(/route=jvm2 loadfactor=10/, 'route=jvm2 loadfactor=9');

/** The members that answer this many requests without a session. */
async function membersOf(front: Front, requests: number): Promise<string> {
  const members: string[] = [];
  for (let i = 0; i < requests; i++) {
    const answer = await fetchOnce(front.port, { path: '/webapp/echo' });
    members.push(answer.status === 200 ? (headerOf(answer, 'x-member') ?? '-') : String(answer.status));
  }
  return members.join(' ');
}

/** Begins sessions until one is on this member. @returns its cookie */
async function newSession(front: Front, member: string): Promise<string> {
  for (let i = 0; i < 4; i++) {
    const answer = await fetchOnce(front.port, { path: '/webapp/count' });
    const cookie = headerOf(answer, 'set-cookie')?.split(';')[0] ?? '';
    if (headerOf(answer, 'x-member') === member) {
      assert.match(cookie, new RegExp(`^JSESSIONID=[0-9A-F]+\\.${member}$`));
      return cookie;
    }
  }
  throw new Error(`no session on ${member}`);
}

/** Clients that ask without end, each on a connection of its own. */
function startLoad(front: Front, clients: number): { end(): Promise<Answer[]> } {
  const answers: Answer[] = [];
  let isOn = true;
  const client = async () => {
    while (isOn) {
      const connection = await HttpConnection.open(front.port);
      while (isOn && !connection.isClosed) {
        const answer = await connection.request({ path: '/webapp/echo' });
        answers.push(answer);
        if (answer.status === undefined || headerOf(answer, 'connection')?.toLowerCase() === 'close') break;
      }
      connection.close();
    }
  };
  const running = Array.from({ length: clients }, client);
  return {
    async end() {
      isOn = false;
      await Promise.all(running);
      return answers;
    },
  };
}

type DisposableConnection = HttpConnection & AsyncDisposable;

async function opened(front: Front): Promise<DisposableConnection> {
  const connection = await HttpConnection.open(front.port);
  return Object.assign(connection, { [Symbol.asyncDispose]: async () => connection.close() });
}

function* generated(size: number): Generator<Buffer> {
  for (let at = 0; at < size; at += PIECE) yield downloadBytes(at, Math.min(size, at + PIECE));
}

function* chunks(pieces: Iterable<Buffer>): Generator<Buffer> {
  for (const piece of pieces) {
    yield Buffer.from(`${piece.length.toString(16)}\r\n`);
    yield piece;
    yield Buffer.from('\r\n');
  }
  yield Buffer.from('0\r\n\r\n');
}

function* upload(framing: string, body: Iterable<Buffer>): Generator<Buffer> {
  yield Buffer.from(`POST /webapp/upload HTTP/1.1\r\nHost: www.example.test\r\n${framing}\r\n\r\n`);
  yield* body;
}

function sha1(pieces: Iterable<Buffer>): string {
  const hash = createHash('sha1');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

function json(answer: Answer): Record<string, unknown> {
  assert.equal(answer.status, 200);
  return JSON.parse(answer.body.toString());
}

function count<T>(list: readonly T[], value: T): number {
  return list.filter((each) => each === value).length;
}
