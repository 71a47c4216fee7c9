// The drain filter where applications put it: Express, Fastify, plain handlers, with the sessions of catflap/session and
// of express-session.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import express from 'express';
import session from 'express-session';
import fastify from 'fastify';
import { createConnector, drainFilter, drainHandler, drainHook } from '../../../src/appserver.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { createLocalSessions, sessionOf, sessions } from '../../../src/session.ts';
import { type AjpAnswer, type AjpRequest, ajp, header, headerAll } from '../../support/ajp-client.ts';
import { withConnector } from '../../support/connector.ts';

type Ask = (request: AjpRequest) => Promise<AjpAnswer>;

const onDisabled =
  (port: number): Ask =>
  (asked) =>
    ajp(port, { ...asked, attributes: { JK_LB_ACTIVATION: 'DIS' } });
const facts = (answer: AjpAnswer) => [answer.status, header(answer, 'location'), headerAll(answer, 'set-cookie')];
const removal = (path: string, name = 'JSESSIONID') =>
  `${name}=; Max-Age=0; Path=${path}; HttpOnly; Expires=Thu, 01 Jan 1970 00:00:00 GMT`;
const withCookie = (id: string) => ({ Cookie: `JSESSIONID=${id}` });

/** The three forms around the same sessions and the same answer, each with the context path /shop. */
const forms: Record<string, (use: (ask: Ask) => Promise<void>) => Promise<void>> = {
  Express: (use) => {
    const app = express();
    app.use('/shop', sessions({ route: 'n1', contextPath: '/shop' }), drainFilter());
    app.all('/shop/login', (req, res) => {
      sessionOf(req).user = 'ada';
      res.send('in');
    });
    app.all('/{*path}', (req, res) => {
      res.send(`${req.method} ${req.url}`);
    });
    return withConnector(app, {}, ({ port }) => use(onDisabled(port)));
  },
  Fastify: async (use) => {
    const withSessions = sessions({ route: 'n1', contextPath: '/shop' });
    const app = fastify({
      serverFactory: (handler) => createConnector((req, res) => withSessions(req, res, () => handler(req, res))),
    });
    app.addHook('onRequest', drainHook());
    app.all('/shop/login', async (req) => {
      sessionOf(req.raw).user = 'ada';
      return 'in';
    });
    app.all('/*', async (req) => `${req.method} ${req.url}`);
    await app.listen({ port: 0, host: '127.0.0.1' });
    try {
      await use(onDisabled((app.server.address() as AddressInfo).port));
    } finally {
      await app.close();
    }
  },
  'a plain handler': (use) => {
    const withSessions = sessions({ route: 'n1', contextPath: '/shop' });
    const application = drainHandler((req, res) => {
      if (req.url !== '/shop/login') {
        res.end(`${req.method} ${req.url}`);
        return;
      }
      sessionOf(req).user = 'ada';
      res.end('in');
    });
    const listener: RequestListener = (req, res) => withSessions(req, res, () => application(req, res));
    return withConnector(listener, {}, ({ port }) => use(onDisabled(port)));
  },
};

for (const [name, withForm] of Object.entries(forms))
  describe(`behind sessions(), in ${name}`, () => {
    test('a session that lives here is served, one that does not is sent away with its path and query', async () => {
      await withForm(async (ask) => {
        const login = await ask({ uri: '/shop/login' });
        const id = /^JSESSIONID=([^;]+)/.exec(header(login, 'set-cookie') ?? '')?.[1] ?? '';
        assert.match(id, /^[0-9A-F]{32}\.n1$/);
        const alive = await ask({ uri: '/shop/x', headers: withCookie(id) });
        assert.deepEqual([...facts(alive), alive.body.toString()], [200, undefined, [], 'GET /shop/x']);
        const inUrl = await ask({ uri: `/shop/x;jsessionid=${id}` });
        assert.deepEqual([inUrl.status, header(inUrl, 'location')], [200, undefined]);
        const stale = await ask({ uri: '/shop/x', query: 'q=1', headers: withCookie('DEAD.n1') });
        assert.deepEqual(facts(stale), [307, '/shop/x?q=1', [removal('/shop')]]);
        assert.equal(stale.body.length, 0);
      });
    });

    test('an id in the URL that the sessions have taken off is known, and a client without any is let in', async () => {
      await withForm(async (ask) => {
        const stale = await ask({ uri: '/shop/x;jsessionid=DEAD.n1', query: 'q=1' });
        assert.deepEqual(facts(stale), [307, '/shop/x?q=1', []]);
        assert.deepEqual(facts(await ask({ uri: '/shop/x' })), [200, undefined, []]);
      });
    });

    test('HEAD and POST are sent away, a preflight is not', async () => {
      await withForm(async (ask) => {
        for (const method of ['HEAD', 'POST'])
          assert.deepEqual(facts(await ask({ method, uri: '/shop/x', headers: withCookie('DEAD.n1') })), [
            307,
            '/shop/x',
            [removal('/shop')],
          ]);
        assert.equal((await ask({ method: 'OPTIONS', uri: '/shop/x', headers: withCookie('DEAD.n1') })).status, 200);
      });
    });
  });

describe('in Express', () => {
  test('fields of earlier middleware go along: a page of another origin may follow', async () => {
    const app = express();
    app.use((_req, res, next) => {
      res.set({ 'Access-Control-Allow-Origin': 'https://a.test', 'Cache-Control': 'public', Location: '/wrong' });
      res.cookie('seen', '1');
      next();
    });
    app.use(drainFilter({ isAlive: () => false }));
    await withConnector(app, {}, async ({ port }) => {
      const answer = await onDisabled(port)({ uri: '/x', headers: withCookie('DEAD') });
      assert.deepEqual(facts(answer), [307, '/x', ['seen=1; Path=/', removal('/')]]);
      assert.equal(header(answer, 'access-control-allow-origin'), 'https://a.test');
      assert.deepEqual(
        answer.headers.filter(([field]) => field.toLowerCase() === 'cache-control').map(([, value]) => value),
        ['no-store'],
      );
    });
  });

  test('without sessions() and without isAlive each request fails, on whatever member', async () => {
    const app = express();
    app.use(drainFilter());
    const heard: unknown[] = [];
    app.use(((error, _req, res, _next) => {
      heard.push(error.code);
      res.status(500).end();
    }) satisfies express.ErrorRequestHandler);
    await withConnector(app, {}, async ({ port }) => {
      assert.equal((await ajp(port, { uri: '/' })).status, 500);
      assert.deepEqual(heard, ['session-no-middleware']);
    });
  });

  test('an answer that began while isAlive was asked is left alone', async () => {
    const app = express();
    const late = Promise.withResolvers<boolean>();
    app.use((_req, res, next) => {
      setImmediate(() => {
        res.status(503).end('too slow');
        late.resolve(false);
      });
      next();
    });
    app.use(drainFilter({ isAlive: () => late.promise }));
    const reached = Promise.withResolvers<boolean>();
    app.use((_req, res) => reached.resolve(res.headersSent));
    await withConnector(app, {}, async ({ port }) => {
      const answer = await onDisabled(port)({ uri: '/', headers: withCookie('DEAD') });
      assert.deepEqual([answer.status, answer.body.toString()], [503, 'too slow']);
      assert.equal(await reached.promise, true);
    });
  });

  test('a session that an earlier middleware has begun instead counts', async () => {
    const app = express();
    app.use(sessions({ route: 'n1' }));
    app.use((req, _res, next) => {
      sessionOf(req).user = 'ada';
      next();
    });
    app.use(drainFilter());
    app.use((_req, res) => {
      res.send('in');
    });
    await withConnector(app, {}, async ({ port }) => {
      assert.equal((await onDisabled(port)({ uri: '/', headers: withCookie('DEAD.n1') })).status, 200);
    });
  });

  test('express-session is asked through its store, and its cookie removed', async () => {
    const secret = 'keyboard cat';
    const store = new session.MemoryStore();
    const known = (id: string) => new Promise<boolean>((resolve) => store.get(id, (_error, found) => resolve(!!found)));
    const isAlive = async (_req: IncomingMessage, value: string) => {
      const [, id = '', signature] = /^s:(.*)\.([^.]*)$/.exec(value) ?? [];
      const own = createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');
      return own === signature && (await known(id));
    };
    const app = express();
    app.use(drainFilter({ isAlive, cookie: { name: 'connect.sid' }, stickyCookie: 'MEMBER' }));
    app.use(session({ secret, store, resave: false, saveUninitialized: true }));
    app.use((_req, res) => {
      res.send('in');
    });
    await withConnector(app, {}, async ({ port }) => {
      const ask = onDisabled(port);
      const first = await ask({ uri: '/' });
      assert.equal(first.status, 200);
      const Cookie = (header(first, 'set-cookie') ?? '').split(';')[0];
      assert.match(Cookie, /^connect\.sid=s%3A/);
      assert.equal((await ask({ uri: '/', headers: { Cookie: `${Cookie}; MEMBER=.n1` } })).status, 200);
      await new Promise((resolve) => store.clear(resolve));
      assert.deepEqual(facts(await ask({ uri: '/', headers: { Cookie: `${Cookie}; MEMBER=.n1` } })), [
        307,
        '/',
        [removal('/', 'connect.sid'), removal('/', 'MEMBER')],
      ]);
    });
  });
});

describe('in Fastify', () => {
  test('the hook answers before others, with fields of theirs; without sessions() it fails the request', async () => {
    const app = fastify({ serverFactory: (handler) => createConnector(handler) });
    const reached: string[] = [];
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('X-Early', 'yes').header('Set-Cookie', 'seen=1');
    });
    app.register(async (scope) => {
      scope.addHook('onRequest', drainHook({ isAlive: async () => false, log: new MemoryLog() }));
      scope.get('/a', async () => {
        reached.push('a');
        return 'a';
      });
    });
    app.register(async (scope) => {
      scope.addHook('onRequest', drainHook());
      scope.get('/b', async () => 'b');
    });
    app.setErrorHandler(async (error: Error & { code?: string }, _request, reply) => {
      reply.code(500);
      return error.code;
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    try {
      const ask = onDisabled((app.server.address() as AddressInfo).port);
      const answer = await ask({ uri: '/a', headers: withCookie('DEAD') });
      assert.deepEqual(facts(answer), [307, '/a', ['seen=1', removal('/')]]);
      assert.deepEqual([header(answer, 'x-early'), reached], ['yes', []]);
      const failed = await ask({ uri: '/b' });
      assert.deepEqual([failed.status, failed.body.toString()], [500, 'session-no-middleware']);
    } finally {
      await app.close();
    }
  });
});

test('in Fastify an answer that began while isAlive was asked is left alone', async () => {
  const warnings: string[] = [];
  const app = fastify({
    serverFactory: (handler) => createConnector(handler),
    logger: { level: 'warn', stream: { write: (line: string) => warnings.push(line) } },
  });
  const late = Promise.withResolvers<boolean>();
  app.addHook('onRequest', (_request, reply, done) => {
    setImmediate(() => {
      reply.code(503).send('too slow');
      late.resolve(false);
    });
    done();
  });
  app.addHook('onRequest', drainHook({ isAlive: () => late.promise }));
  app.get('/', async () => 'in');
  await app.listen({ port: 0, host: '127.0.0.1' });
  try {
    const ask = onDisabled((app.server.address() as AddressInfo).port);
    const answer = await ask({ uri: '/', headers: withCookie('DEAD') });
    assert.deepEqual([...facts(answer), answer.body.toString()], [503, undefined, [], 'too slow']);
    assert.deepEqual(warnings, []);
  } finally {
    await app.close();
  }
});

test('over HTTP there is no activation: nobody can be sent away by a field of theirs', async () => {
  const manager = createLocalSessions();
  const withSessions = sessions({ manager });
  const inner = drainHandler((_req, res) => res.end('in'));
  const server = createServer((req, res) => withSessions(req, res, () => inner(req, res)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const headers = { ...withCookie('DEAD'), JK_LB_ACTIVATION: 'DIS' };
  const [response] = (await once(request({ port, headers }).end(), 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 200);
  response.resume();
  server.closeAllConnections();
  server.close();
  manager.close();
});
