// The session middleware over a real HTTP server: cookies, URLs, property style, and when the cookie goes out.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import express from 'express';
import { VirtualClock } from '../../../src/base/clock.ts';
import { LocalSessionManager } from '../../../src/session/local.ts';
import { type SessionMiddlewareOptions, sessionMiddleware, sessionOf } from '../../../src/session/middleware.ts';
import type { RequestSession } from '../../../src/session/request-session.ts';
import type { Session, SessionManager } from '../../../src/session/session.ts';

interface Answer {
  status: number;
  cookies: string[];
  body: string;
}

type Handler = (req: IncomingMessage & { session: RequestSession }, res: ServerResponse) => void;

function newManager(): LocalSessionManager {
  return new LocalSessionManager(new VirtualClock(), randomBytes, { route: 'n1' });
}

async function withServer(
  handler: Handler,
  run: (get: (path: string, headers?: Record<string, string>) => Promise<Answer>) => Promise<void>,
  options: SessionMiddlewareOptions = {},
  manager: SessionManager = newManager(),
): Promise<void> {
  const middleware = sessionMiddleware(manager, options);
  const server = createServer((req, res) =>
    middleware(req, res, (error) => {
      if (error !== undefined) {
        res.statusCode = 500;
        res.end(String(error));
      } else handler(req as IncomingMessage & { session: RequestSession }, res);
    }),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    await run((path, headers = {}) => get(port, path, headers));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function get(port: number, path: string, headers: Record<string, string>): Promise<Answer> {
  const [response] = (await once(request({ port, path, headers }).end(), 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode ?? 0, cookies: response.headers['set-cookie'] ?? [], body };
}

const idIn = (cookie: string): string => /^JSESSIONID=([^;]+)/.exec(cookie)?.[1] ?? '';

describe('the session cookie', () => {
  test('is sent when the first attribute is written, with the context path', async () => {
    await withServer(
      (req, res) => {
        req.session.user = 'ada';
        res.end(req.session.id);
      },
      async (send) => {
        const { cookies, body } = await send('/app/login');
        assert.equal(cookies.length, 1);
        assert.equal(cookies[0], `JSESSIONID=${body}; Path=/app; HttpOnly`);
        assert.match(body, /^[0-9A-F]{32}\.n1$/);
      },
      { contextPath: '/app' },
    );
  });

  test('is not sent to those who only read, nor again to those who have it', async () => {
    await withServer(
      (req, res) => {
        if (req.url === '/write') req.session.n = 1;
        res.end(`${req.session.n} ${req.session.exists}`);
      },
      async (send) => {
        const first = await send('/read');
        assert.deepEqual([first.cookies, first.body], [[], 'undefined false']);
        const { cookies } = await send('/write');
        const cookie = `JSESSIONID=${idIn(cookies[0])}`;
        const third = await send('/read', { cookie });
        assert.deepEqual([third.cookies, third.body], [[], '1 true']);
      },
    );
  });

  for (const [fact, answer] of [
    ['survives setHeader', (res: ServerResponse) => res.setHeader('Set-Cookie', 'own=1').end()],
    ['survives writeHead with an object', (res: ServerResponse) => res.writeHead(200, { 'set-cookie': 'own=1' }).end()],
    [
      'survives writeHead with an array and a phrase',
      (res: ServerResponse) => res.writeHead(200, 'Fine', ['X-A', 'b', 'Set-Cookie', 'own=1']).end(),
    ],
    [
      'survives writeHead with pairs',
      (res: ServerResponse) =>
        res
          .writeHead(200, [
            ['Set-Cookie', 'own=1'],
            ['X-A', 'b'],
          ] as unknown as string[])
          .end(),
    ],
    [
      'survives setHeader followed by an array of other fields',
      (res: ServerResponse) => res.setHeader('Set-Cookie', 'own=1').writeHead(200, ['X-A', 'b']).end(),
    ],
    [
      'survives a flushed head',
      (res: ServerResponse) => {
        res.setHeader('Set-Cookie', ['own=1']).flushHeaders();
        res.end();
      },
    ],
  ] as const) {
    test(`${fact} beside the application’s own cookie`, async () => {
      await withServer(
        (req, res) => {
          req.session.n = 1;
          answer(res);
        },
        async (send) => {
          const { cookies, status } = await send('/');
          assert.equal(status, 200);
          assert.deepEqual(cookies.map((cookie) => cookie.replace(/=.*/, '')).sort(), ['JSESSIONID', 'own']);
        },
      );
    });
  }

  test('is sent again when the id changes, and the old id is dead', async () => {
    await withServer(
      (req, res) => {
        if (req.url === '/login') req.session.changeSessionId();
        else if (req.url === '/begin') req.session.user = 'ada';
        res.end(String(req.session.user));
      },
      async (send) => {
        const old = idIn((await send('/begin')).cookies[0]);
        const changed = await send('/login', { cookie: `JSESSIONID=${old}` });
        assert.equal(changed.body, 'ada');
        const fresh = idIn(changed.cookies[0]);
        assert.notEqual(fresh, old);
        assert.equal((await send('/', { cookie: `JSESSIONID=${old}` })).body, 'undefined');
        assert.equal((await send('/', { cookie: `JSESSIONID=${fresh}` })).body, 'ada');
      },
    );
  });

  test('is withheld when the session that owed it was invalidated', async () => {
    await withServer(
      (req, res) => {
        req.session.n = 1;
        req.session.invalidate();
        res.end(`${req.session.n} ${req.session.exists}`);
      },
      async (send) => {
        const { cookies, body } = await send('/');
        assert.deepEqual([cookies, body], [[], 'undefined false']);
      },
    );
  });
});

describe('finding the session', () => {
  test('the first cookie whose session lives wins', async () => {
    const manager = newManager();
    const session = manager.create();
    session.set('user', 'ada');
    await withServer(
      (req, res) => res.end(String(req.session.user)),
      async (send) => {
        assert.equal((await send('/', { cookie: `JSESSIONID=DEAD; JSESSIONID=${session.id}` })).body, 'ada');
      },
      {},
      manager,
    );
  });

  test('the URL carries the id of clients without cookies, and the application never sees it', async () => {
    const manager = newManager();
    const session = manager.create();
    session.set('user', 'ada');
    await withServer(
      (req, res) => res.end(`${req.session.user} ${req.url} ${req.session.encodeURL('/next?a=b')}`),
      async (send) => {
        const { body, cookies } = await send(`/page;jsessionid=${session.id}?q=1`);
        assert.equal(body, `ada /page?q=1 /next;jsessionid=${session.id}?a=b`);
        assert.deepEqual(cookies, []);
        const withCookie = await send('/page', { cookie: `JSESSIONID=${session.id}` });
        assert.equal(withCookie.body, 'ada /page /next?a=b', 'links stay clean for clients that keep cookies');
      },
      {},
      manager,
    );
  });

  test('a cookie hides the id in the URL, even a dead one', async () => {
    const manager = newManager();
    const session = manager.create();
    session.set('user', 'ada');
    await withServer(
      (req, res) => res.end(String(req.session.user)),
      async (send) => {
        const { body } = await send(`/;jsessionid=${session.id}`, { cookie: 'JSESSIONID=DEAD' });
        assert.equal(body, 'undefined');
      },
      {},
      manager,
    );
  });

  test('an id nobody issued begins a session under another id', async () => {
    await withServer(
      (req, res) => {
        req.session.n = 1;
        res.end(req.session.id);
      },
      async (send) => {
        const forged = `${'A'.repeat(32)}.n1`;
        const { body, cookies } = await send(`/;jsessionid=${forged}`, { cookie: `JSESSIONID=${forged}` });
        assert.notEqual(body, forged);
        assert.equal(idIn(cookies[0]), body);
      },
    );
  });

  test('a manager that answers later is waited for, and its failure reaches next', async () => {
    const local = newManager();
    const session = local.create();
    session.set('user', 'ada');
    const slow: SessionManager = {
      load: async (id): Promise<Session | undefined> => {
        if (id === 'BROKEN') throw new Error('store is down');
        return local.load(id);
      },
      create: () => local.create(),
      release: async (used) => local.release(used),
    };
    await withServer(
      (req, res) => res.end(String(req.session.user)),
      async (send) => {
        assert.equal((await send('/', { cookie: `JSESSIONID=DEAD; JSESSIONID=${session.id}` })).body, 'ada');
        const broken = await send('/', { cookie: 'JSESSIONID=BROKEN' });
        assert.deepEqual([broken.status, broken.body], [500, 'Error: store is down']);
      },
      {},
      slow,
    );
  });
});

describe('property style', () => {
  async function inSession(use: (session: RequestSession, res: ServerResponse) => void): Promise<void> {
    let failure: unknown;
    await withServer(
      (req, res) => {
        try {
          use(req.session, res);
        } catch (error) {
          failure = error;
        }
        res.end();
      },
      async (send) => {
        await send('/');
      },
    );
    if (failure !== undefined) throw failure;
  }

  test('attributes are listed, tested, deleted and printed like properties', () =>
    inSession((session) => {
      session.a = 1;
      session.b = { c: [2] };
      assert.deepEqual(Object.keys(session), ['a', 'b']);
      assert.equal('a' in session, true);
      assert.equal('z' in session, false);
      assert.equal(JSON.stringify(session), '{"a":1,"b":{"c":[2]}}');
      assert.deepEqual({ ...session }, { a: 1, b: { c: [2] } });
      delete session.a;
      assert.deepEqual(session.names(), ['b']);
      assert.match(inspect(session), /id: '[0-9A-F]{32}\.n1', b: \{ c: \[ 2 \] \}/);
    }));

  test('values come back as they are: dates, maps and buffers work', () =>
    inSession((session) => {
      const values = { date: new Date(0), map: new Map([[1, 2]]), buffer: Buffer.from('x') };
      Object.assign(session, values);
      assert.equal((session.date as Date).getTime(), 0);
      assert.equal((session.map as Map<number, number>).get(1), 2);
      assert.equal(session.buffer, values.buffer);
    }));

  test('the session’s own words cannot be overwritten, but may name attributes through set', () =>
    inSession((session) => {
      for (const word of ['id', 'get', 'invalidate', 'constructor', '__proto__'])
        assert.throws(() => {
          (session as Record<string, unknown>)[word] = 1;
        }, TypeError);
      session.set('id', 5);
      assert.equal(session.get('id'), 5);
      assert.match(session.id, /^[0-9A-F]{32}/);
      assert.equal(({} as Record<string, unknown>).polluted, undefined);
    }));

  test('asking for the id, or setting the interval, begins the session', () =>
    inSession((session) => {
      assert.equal(session.exists, false);
      session.maxInactiveInterval = 60;
      assert.equal(session.exists, true);
      assert.equal(session.maxInactiveInterval, 60);
      assert.equal(session.isNew, true);
    }));

  test('a session cannot begin, nor change its id, after the head was sent', () =>
    inSession((session, res) => {
      res.flushHeaders();
      assert.equal(session.a, undefined);
      assert.throws(() => {
        session.a = 1;
      }, /head was sent/);
    }));

  test('code written for express-session can save, regenerate and destroy', async () => {
    await withServer(
      (req, res) => {
        req.session.a = 1;
        const before = req.session.id;
        req.session.regenerate((error) => {
          assert.equal(error, undefined);
          const after = req.session.id;
          assert.equal(req.session.a, undefined);
          req.session.save(() => req.session.destroy(() => res.end(`${before !== after} ${req.session.exists}`)));
        });
      },
      async (send) => assert.equal((await send('/')).body, 'true false'),
    );
  });
});

test('a session is released when its response closes', async () => {
  const local = newManager();
  const session = local.create();
  const order: string[] = [];
  const released = Promise.withResolvers<void>();
  const watched: SessionManager = {
    load: (id) => local.load(id),
    create: () => local.create(),
    release: () => {
      order.push('released');
      released.resolve();
    },
  };
  await withServer(
    (_req, res) => {
      res.on('finish', () => order.push('finished'));
      res.end();
    },
    async (send) => {
      await send('/', { cookie: `JSESSIONID=${session.id}` });
      await released.promise;
      assert.deepEqual(order, ['finished', 'released']);
    },
    {},
    watched,
  );
});

test('in Express the middleware strips the id before routing, mounted or not', async () => {
  const manager = newManager();
  const session = manager.create();
  session.set('user', 'ada');
  const app = express();
  app.use('/app', sessionMiddleware(manager, { contextPath: '/app' }));
  app.get('/app/page', (req, res) => {
    res.send(`${sessionOf(req).user} ${req.url}`);
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    assert.equal((await get(port, `/app/page;jsessionid=${session.id}?x=1`, {})).body, 'ada /app/page?x=1');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a context path that is none is refused', () => {
  for (const contextPath of ['app', '/app/', '/a b', '/a;b', '//'])
    assert.throws(() => sessionMiddleware(newManager(), { contextPath }), /context path/, contextPath);
  sessionMiddleware(newManager(), { contextPath: '/' });
});
