// The drain filter: which requests on a disabled member are sent away, with what answer, and which are let in. Over a
// real connector, so that the activation comes as a front end tells it.

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { DrainFilter, type DrainOptions, selfReference } from '../../../src/appserver/drain.ts';
import { handlerOf } from '../../../src/appserver/drain-adapters.ts';
import { RedirectMemory } from '../../../src/appserver/drain-loops.ts';
import { systemClock, VirtualClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { type AjpAnswer, AjpClient, type AjpRequest, ajp, header, headerAll } from '../../support/ajp-client.ts';
import { withConnector } from '../../support/connector.ts';

const EPOCH = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT';
const REMOVAL = `JSESSIONID=; Max-Age=0; Path=/; HttpOnly; ${EPOCH}`;
const STALE = { Cookie: 'JSESSIONID=DEAD.n1' };

type Ask = (request: AjpRequest & { activation?: string | null }, body?: Buffer) => Promise<AjpAnswer>;

interface Drained {
  ask: Ask;
  log: MemoryLog;
  clock: VirtualClock;
  /** Ids that were looked up. */
  asked: string[];
}

/** An application on a member; sessions whose id begins with ALIVE live here. */
async function drained(options: DrainOptions, use: (drained: Drained) => Promise<void>): Promise<void> {
  const log = new MemoryLog();
  const clock = new VirtualClock();
  const asked: string[] = [];
  const isAlive = (_req: IncomingMessage, id: string): boolean => {
    asked.push(id);
    return id.startsWith('ALIVE');
  };
  const filter = new DrainFilter(clock, log, { isAlive, ...options });
  const application = handlerOf(filter, (req, res) => {
    let body = '';
    req.on('data', (bytes) => {
      body += bytes;
    });
    req.on('end', () => res.end(`${req.method} ${req.url} ${body}`.trim()));
  });
  await withConnector(application, {}, async ({ port }) => {
    const ask: Ask = ({ activation = 'DIS', ...request }, body = Buffer.alloc(0)) => {
      const attributes = activation === null ? [] : [['JK_LB_ACTIVATION', activation] as [string, string]];
      return ajp(port, { ...request, attributes }, { body });
    };
    await use({ ask, log, clock, asked });
  });
}

const facts = (answer: AjpAnswer) => [answer.status, header(answer, 'location'), headerAll(answer, 'set-cookie')];
const PASSED = [200, undefined, []];

describe('on a disabled member', () => {
  test('a client whose session is gone is redirected to itself without its cookie', async () => {
    await drained({}, async ({ ask }) => {
      const answer = await ask({ uri: '/shop/cart', query: 'a=1&b=%20', headers: STALE });
      assert.deepEqual(facts(answer), [307, '/shop/cart?a=1&b=%20', [REMOVAL]]);
      assert.deepEqual([header(answer, 'cache-control'), header(answer, 'content-length')], ['no-store', '0']);
      assert.equal(answer.body.length, 0);
    });
  });

  test('a living session, another activation, no front end, no session id: the request passes', async () => {
    await drained({}, async ({ ask }) => {
      assert.deepEqual(facts(await ask({ headers: { Cookie: 'JSESSIONID=ALIVE.n1' } })), PASSED);
      for (const activation of ['ACT', 'STP', 'dis', 'DIS ', '', null])
        assert.deepEqual(facts(await ask({ activation, headers: STALE })), PASSED, `${activation}`);
      for (const Cookie of ['a=b', 'JSESSIONID=', 'JSESSIONID=""', 'XJSESSIONID=DEAD.n1', 'jsessionid=DEAD.n1'])
        assert.deepEqual(facts(await ask({ headers: { Cookie } })), PASSED, Cookie);
      assert.deepEqual(facts(await ask({})), PASSED);
    });
  });

  test('an id of another route is as dead as one that nobody knows', async () => {
    await drained({}, async ({ ask }) => {
      for (const id of ['DEAD.n2', 'DEAD', 'x'.repeat(500), '.n1'])
        assert.deepEqual(facts(await ask({ uri: `/${id}`, headers: { Cookie: `a=b; JSESSIONID="${id}"` } })), [
          307,
          `/${id}`,
          [REMOVAL],
        ]);
    });
  });

  test('one living session among several cookies of the name is enough', async () => {
    await drained({}, async ({ ask, asked }) => {
      const Cookie = 'JSESSIONID=DEAD.n1; JSESSIONID=ALIVE.n1; JSESSIONID=OTHER.n1';
      assert.deepEqual(facts(await ask({ headers: { Cookie } })), PASSED);
      assert.deepEqual(asked, ['DEAD.n1', 'ALIVE.n1']);
    });
  });

  test('ids are looked up as cookie parsers give them, and no more than eight', async () => {
    await drained({}, async ({ ask, asked }) => {
      await ask({ headers: { Cookie: 'JSESSIONID="s%3Aone"; JSESSIONID=50%' } });
      assert.deepEqual(asked, ['s:one', '50%']);
      asked.length = 0;
      const many = Array.from({ length: 500 }, (_, i) => `JSESSIONID=${i}`).join('; ');
      assert.equal((await ask({ headers: { Cookie: many } })).status, 307);
      assert.deepEqual(asked, ['0', '1', '2', '3', '4', '5', '6', '7']);
    });
  });

  test('an id in the URL is taken off, and no cookie beside it: that may lead to a session elsewhere', async () => {
    await drained({}, async ({ ask }) => {
      for (const [uri, location] of [
        ['/a;jsessionid=DEAD.n1', '/a?q=;jsessionid=1'],
        ['/a;jsessionid=DEAD.n1/b;v=1', '/a/b;v=1?q=;jsessionid=1'],
        ['/a;v=1;jsessionid=DEAD.n1;jsessionid=DEAD.n1', '/a;v=1?q=;jsessionid=1'],
      ])
        for (const headers of [{}, { Cookie: 'JSESSIONID=ELSEWHERE.n2' }])
          assert.deepEqual(facts(await ask({ uri, query: 'q=;jsessionid=1', headers })), [307, location, []]);
      assert.deepEqual(facts(await ask({ uri: '/a;jsessionid=ALIVE.n1' })), PASSED);
      assert.deepEqual(facts(await ask({ uri: '/a;JSESSIONID=DEAD.n1' })), PASSED);
    });
  });

  test('many who follow the same link with an old id are all redirected', async () => {
    await drained({}, async ({ ask }) => {
      for (let i = 0; i < 10; i++) assert.equal((await ask({ uri: '/a;jsessionid=DEAD.n1' })).status, 307);
    });
  });

  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'])
    test(`${method} is redirected with 307, which keeps method and body`, async () => {
      await drained({}, async ({ ask }) => {
        assert.deepEqual(facts(await ask({ method, uri: '/x', headers: STALE })), [307, '/x', [REMOVAL]]);
      });
    });

  test('an upload that is redirected leaves its connection usable', async () => {
    await withConnector(
      handlerOf(new DrainFilter(systemClock, new MemoryLog(), { isAlive: () => false }), (_req, res) => res.end('in')),
      {},
      async ({ port }) => {
        const client = await AjpClient.connect(port);
        const headers = { ...STALE, 'Content-Length': '100000' };
        const attributes = { JK_LB_ACTIVATION: 'DIS' };
        const answer = await client.exchange({ method: 'POST', headers, attributes }, { body: Buffer.alloc(100_000) });
        assert.deepEqual(facts(answer), [307, '/', [REMOVAL]]);
        if (answer.reuse) assert.equal((await client.exchange({ uri: '/y' })).body.toString(), 'in');
        client.close();
      },
    );
  });

  test('preflights, traces and upgrades to WebSocket pass: nobody would follow', async () => {
    await drained({}, async ({ ask }) => {
      for (const method of ['OPTIONS', 'TRACE']) assert.deepEqual(facts(await ask({ method, headers: STALE })), PASSED);
      const upgrade = (Upgrade: string) => ask({ headers: { ...STALE, Connection: 'Upgrade', Upgrade } });
      assert.deepEqual(facts(await upgrade('WebSocket')), PASSED);
      assert.equal((await upgrade('h2c')).status, 307);
    });
  });

  test('methods that the application leaves out pass with their body', async () => {
    await drained({ methods: ['GET', 'HEAD'] }, async ({ ask }) => {
      const headers = { ...STALE, 'Content-Length': '5' };
      const answer = await ask({ method: 'POST', uri: '/x', headers }, Buffer.from('hello'));
      assert.deepEqual([...facts(answer), answer.body.toString()], [...PASSED, 'POST /x hello']);
      assert.equal((await ask({ headers: STALE })).status, 307);
    });
  });

  test('who has the cookie of testers stays', async () => {
    await drained({ ignoreCookie: { name: 'stay', value: 'yes' } }, async ({ ask }) => {
      assert.deepEqual(facts(await ask({ headers: { Cookie: `${STALE.Cookie}; stay=yes` } })), PASSED);
      assert.equal((await ask({ headers: { Cookie: `${STALE.Cookie}; stay=no` } })).status, 307);
    });
  });

  test('a URL that would not fit into the answer passes', async () => {
    await drained({}, async ({ ask }) => {
      assert.equal((await ask({ uri: '/', query: 'x'.repeat(5_000), headers: STALE })).status, 200);
    });
  });
});

describe('the removal of the cookie', () => {
  const removals = async (options: DrainOptions, request: AjpRequest): Promise<string[]> => {
    let cookies: string[] = [];
    await drained(options, async ({ ask }) => {
      cookies = headerAll(await ask(request), 'set-cookie');
    });
    return cookies;
  };

  test('has the name, the path, the domain and the other attributes of the session’s', async () => {
    const cookie = { name: 'SID', domain: 'example.test', sameSite: 'None', secure: true } as const;
    assert.deepEqual(await removals({ contextPath: '/shop', cookie }, { headers: { Cookie: 'SID=DEAD.n1' } }), [
      `SID=; Max-Age=0; Domain=example.test; Path=/shop; Secure; HttpOnly; SameSite=None; ${EPOCH}`,
    ]);
    assert.deepEqual(await removals({ contextPath: '/shop', cookie: { path: '/shop/' } }, { headers: STALE }), [
      `JSESSIONID=; Max-Age=0; Path=/shop/; HttpOnly; ${EPOCH}`,
    ]);
  });

  test('is Secure over TLS, and where the name demands it', async () => {
    const secured = `JSESSIONID=; Max-Age=0; Path=/; Secure; HttpOnly; ${EPOCH}`;
    assert.deepEqual(await removals({}, { isSecure: true, headers: STALE }), [secured]);
    const cookie = { name: '__Host-id' };
    assert.deepEqual(await removals({ cookie }, { headers: { Cookie: '__Host-id=DEAD' } }), [
      secured.replace('JSESSIONID', '__Host-id'),
    ]);
  });

  test('concerns the cookie that mod_jk sets for the whole host, too', async () => {
    const headers = { Cookie: 'JSESSIONID=.n1' };
    assert.deepEqual(await removals({ contextPath: '/shop' }, { headers }), [
      `JSESSIONID=; Max-Age=0; Path=/shop; HttpOnly; ${EPOCH}`,
      REMOVAL,
    ]);
    const separate: DrainOptions = { stickyCookie: 'MEMBER', cookie: { name: 'connect.sid' } };
    const member = `MEMBER=; Max-Age=0; Path=/; HttpOnly; ${EPOCH}`;
    assert.deepEqual(await removals(separate, { headers: { Cookie: 'MEMBER=.n1; connect.sid=DEAD' } }), [
      `connect.sid=; Max-Age=0; Path=/; HttpOnly; ${EPOCH}`,
      member,
    ]);
    assert.deepEqual(await removals(separate, { headers: { Cookie: 'MEMBER=.n1' } }), [member]);
    assert.deepEqual(await removals(separate, { headers: { Cookie: 'MEMBER=.n1; connect.sid=ALIVE' } }), []);
  });
});

describe('a client that keeps the cookie', () => {
  const SENT_AWAY = 307;

  test('is let in after three redirects, everywhere, and tried again after five minutes', async () => {
    await drained({}, async ({ ask, log, clock }) => {
      const status = async (uri: string, id = 'DEAD.n1') =>
        (await ask({ uri, headers: { Cookie: `JSESSIONID=${id}` } })).status;
      for (let i = 0; i < 3; i++) assert.equal(await status('/a'), SENT_AWAY);
      assert.equal(await status('/a'), 200);
      assert.equal(await status('/b'), 200);
      assert.equal(await status('/a', 'OTHER.n1'), SENT_AWAY);
      clock.advance(300_000);
      assert.equal(await status('/b'), SENT_AWAY);
      assert.deepEqual(
        log.events.map(({ level, event }) => [level, event]),
        [['warn', 'drain-loop']],
      );
      assert.doesNotMatch(JSON.stringify(log.events), /DEAD/);
    });
  });

  test('is not taken for one that asks for many things at once, or for one thing now and then', async () => {
    await drained({}, async ({ ask, clock }) => {
      for (let i = 0; i < 20; i++) assert.equal((await ask({ uri: `/${i}`, headers: STALE })).status, SENT_AWAY);
      for (let i = 0; i < 20; i++) {
        clock.advance(10_000);
        assert.equal((await ask({ uri: '/poll', headers: STALE })).status, SENT_AWAY);
      }
    });
  });

  test('is forgotten when ten thousand others have come since', () => {
    const memory = new RedirectMemory(new VirtualClock());
    let clients = 0;
    const others = (count: number) => {
      for (let i = 0; i < count; i++) memory.judge(`other ${clients++}`, '/');
    };
    const thrice = () => [1, 2, 3].map(() => memory.judge('a', '/'));
    assert.deepEqual(thrice(), ['redirect', 'redirect', 'redirect']);
    others(9_999);
    assert.equal(memory.judge('a', '/'), 'loop');
    assert.equal(memory.judge('a', '/'), 'stuck');
    for (let i = 0; i < 3; i++) assert.equal(memory.judge('b', '/'), 'redirect');
    others(10_000);
    assert.equal(memory.judge('b', '/'), 'redirect');
  });

  test('is told from others by its connection when its cookie has a route only', async () => {
    await drained({}, async ({ ask }) => {
      const headers = { Cookie: 'JSESSIONID=.n1' };
      for (let i = 0; i < 10; i++)
        assert.equal((await ask({ uri: '/', remoteAddress: `10.0.0.${i}`, headers })).status, SENT_AWAY);
      for (let i = 0; i < 2; i++)
        assert.equal((await ask({ uri: '/', remoteAddress: '10.0.0.1', headers })).status, SENT_AWAY);
      assert.equal((await ask({ uri: '/', remoteAddress: '10.0.0.1', headers })).status, 200);
    });
  });
});

describe('isAlive', () => {
  test('may answer later', async () => {
    const isAlive = async (_req: IncomingMessage, id: string) => id.startsWith('ALIVE');
    await drained({ isAlive }, async ({ ask }) => {
      assert.deepEqual(facts(await ask({ headers: { Cookie: 'JSESSIONID=A; JSESSIONID=ALIVE' } })), PASSED);
      assert.deepEqual(facts(await ask({ headers: { Cookie: 'JSESSIONID=A; JSESSIONID=B' } })), [307, '/', [REMOVAL]]);
    });
  });

  const unsure: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('store is down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('store is down'))],
    ['answers undefined', () => undefined],
    ['answers with a session later', () => Promise.resolve({ id: 1 })],
  ];
  for (const [how, answer] of unsure)
    test(`that ${how} lets the request pass, and that is told once until there is an answer`, async () => {
      let isUp = false;
      const isAlive = (() => (isUp ? true : answer())) as DrainOptions['isAlive'];
      await drained(isAlive === undefined ? {} : { isAlive }, async ({ ask, log }) => {
        for (let i = 0; i < 3; i++) assert.deepEqual(facts(await ask({ headers: STALE })), PASSED);
        const told = () => log.events.map(({ level, event }) => `${level} ${event}`);
        assert.deepEqual(told(), ['warn drain-check-failed']);
        isUp = true;
        await ask({ headers: STALE });
        isUp = false;
        await ask({ headers: STALE });
        assert.equal(told().length, 2);
      });
    });

  test('is not asked on a member that is not disabled', async () => {
    await drained({}, async ({ ask, asked }) => {
      await ask({ activation: 'ACT', headers: STALE });
      assert.deepEqual(asked, []);
    });
  });
});

test('of two activations the last counts, as with all request attributes', async () => {
  const filter = new DrainFilter(systemClock, new MemoryLog(), { isAlive: () => false });
  const application = handlerOf(filter, (_req, res) => res.end('in'));
  await withConnector(application, {}, async ({ port }) => {
    const status = async (...activations: string[]) => {
      const attributes = activations.map((each): [string, string] => ['JK_LB_ACTIVATION', each]);
      return (await ajp(port, { headers: STALE, attributes })).status;
    };
    assert.deepEqual([await status('DIS', 'ACT'), await status('ACT', 'DIS')], [200, 307]);
  });
});

describe('a self-reference', () => {
  const cases: [target: string, location: string | undefined][] = [
    ['/', '/'],
    ['/a/b;v=1?x=1&y=/#', '/a/b;v=1?x=1&y=/%23'],
    ['//evil.test/x', '/.//evil.test/x'],
    ['///evil.test', '/.///evil.test'],
    ['/\\evil.test', '/%5Cevil.test'],
    ['/\t/evil.test', '/%09/evil.test'],
    ['/a\r\nSet-Cookie: b=c', '/a%0D%0ASet-Cookie:%20b=c'],
    ['/caf\u00c3\u00a9?q="<>', '/caf%C3%A9?q=%22%3C%3E'],
    ['/\u65e5\ud800', '/%E6%97%A5%EF%BF%BD'],
    ['*', undefined],
    ['', undefined],
    ['http://evil.test/', undefined],
    ['\\\\evil.test', undefined],
  ];
  for (const [target, location] of cases)
    test(`of ${JSON.stringify(target)} is ${JSON.stringify(location)}`, () => {
      assert.equal(selfReference(target), location);
      if (location === undefined) return;
      const resolved = new URL(location, 'https://shop.example.test/here');
      assert.equal(resolved.origin, 'https://shop.example.test');
      assert.match(location, /^[\x21-\x7e]+$/);
    });

  test('keeps two slashes where they were', () => {
    assert.equal(new URL(String(selfReference('//a//b?c')), 'http://h.test').href, 'http://h.test//a//b?c');
  });

  test('stays on its host whatever octets were asked for', () => {
    for (let first = 0; first < 256; first++)
      for (const rest of ['/evil.test', '\\evil.test', '@evil.test', ':80']) {
        const location = selfReference(`/${String.fromCharCode(first)}${rest}`) ?? '';
        assert.equal(new URL(location, 'http://h.test').origin, 'http://h.test', JSON.stringify(location));
      }
  });
});

describe('options', () => {
  const make = (options: DrainOptions) => new DrainFilter(systemClock, new MemoryLog(), options);
  const isAlive = () => true;

  test('that could write more than a cookie are refused', () => {
    for (const cookie of [{ name: 'a b' }, { name: 'a;b' }, { path: '/;x' }, { domain: 'a\r\nb: c' }, { name: '' }])
      assert.throws(() => make({ isAlive, cookie }), { code: 'drain-bad-option' });
    assert.throws(() => make({ isAlive, contextPath: 'shop' }), { code: 'session-bad-context-path' });
    assert.throws(() => make({ isAlive, parameterName: 'a;b' }), { code: 'drain-bad-option' });
    assert.throws(() => make({ stickyCookie: 'a=b' }), { code: 'drain-bad-option' });
    assert.throws(() => make({ ignoreCookie: { name: '', value: '' } }), { code: 'drain-bad-option' });
  });

  test('that the session middleware knows better are refused without isAlive', () => {
    for (const options of [{ cookie: {} }, { contextPath: '/a' }, { parameterName: 'sid' }])
      assert.throws(() => make(options), { code: 'drain-bad-option', message: /isAlive/ });
  });
});
