// How a disabled member becomes empty: the drain filter behind the real mod_jk and behind Catflap, request by request;
// then under a crowd of people who come back with old cookies, with the filter and without.

import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { describe, test } from 'node:test';
import express from 'express';
import expressSession from 'express-session';
import fastify from 'fastify';
import { drainFilter, drainHandler, drainHook } from '../../src/appserver.ts';
import { createLocalSessions, type LocalSessionManager, sessionOf, sessions } from '../../src/session.ts';
import { BrowserCrowd, type CrowdHabits } from '../support/browser-crowd.ts';
import { type Answer, fetchOnce, headerOf } from '../support/client.ts';
import { DrainSite, ROUTES, type Route } from '../support/drain-site.ts';
import type { FrontKind } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { sleep, until } from '../support/port.ts';
import { chosenSeed, randomFrom } from '../support/random.ts';

const isLong = process.env.CATFLAP_LONG === '1';
const FRONTS = ['httpd', 'catflap'] as const;
const NAMES = { httpd: 'mod_jk', catflap: 'Catflap' };
const TESTER = { name: 'stay', value: 'yes' };
const REMOVAL = 'JSESSIONID=; Max-Age=0; Path=/app; HttpOnly; Expires=Thu, 01 Jan 1970 00:00:00 GMT';

const peersOf = (kind: FrontKind) => (kind === 'httpd' ? needs('httpd', 'mod_jk') : {});

interface Member {
  manager: LocalSessionManager;
  application: RequestListener;
}

/** Each page tells the member and how many pages the session has seen; /app/echo tells the body. */
function page(route: string, ...[req, res]: Parameters<RequestListener>): void {
  if (req.url?.startsWith('/app/echo')) {
    req.pipe(res);
    return;
  }
  const session = sessionOf(req);
  session.visits = Number(session.visits ?? 0) + 1;
  res.end(`${route} ${session.visits}`);
}

function plainMember(route: string, hasFilter: boolean, maxInactiveInterval = 1_800): Member {
  const manager = createLocalSessions({ route, maxInactiveInterval });
  const withSessions = sessions({ manager, contextPath: '/app' });
  const pages: RequestListener = (req, res) => page(route, req, res);
  const inner = hasFilter ? drainHandler(pages) : pages;
  return { manager, application: (req, res) => withSessions(req, res, () => inner(req, res)) };
}

function expressMember(route: string): Member {
  const manager = createLocalSessions({ route });
  const app = express();
  app.use('/app', sessions({ manager, contextPath: '/app' }), drainFilter());
  app.use((req, res) => page(route, req, res));
  return { manager, application: app };
}

async function fastifyMember(route: string): Promise<Member> {
  const manager = createLocalSessions({ route });
  const withSessions = sessions({ manager, contextPath: '/app' });
  let handler: RequestListener = () => {};
  const app = fastify({
    serverFactory: (given) => {
      handler = given;
      return createServer(given);
    },
  });
  app.addHook('onRequest', drainHook());
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
  app.all('/app/*', (request, reply) => {
    reply.hijack();
    page(route, request.raw, reply.raw);
  });
  await app.ready();
  return { manager, application: (req, res) => withSessions(req, res, () => handler(req, res)) };
}

const members = {
  Express: async () => ({ n1: expressMember('n1'), n2: expressMember('n2') }),
  Fastify: async () => ({ n1: await fastifyMember('n1'), n2: await fastifyMember('n2') }),
  'plain handlers': async () => ({ n1: plainMember('n1', true), n2: plainMember('n2', true) }),
};

const facts = (answer: Answer) => [answer.status, headerOf(answer, 'location'), headerOf(answer, 'set-cookie')];
const text = (answer: Answer) => answer.body.toString();
const idOf = (answer: Answer) => /^JSESSIONID=([^;]+)/.exec(headerOf(answer, 'set-cookie') ?? '')?.[1] ?? '';
const withId = (id: string) => ({ headers: [['Cookie', `JSESSIONID=${id}`] as const] });

for (const kind of FRONTS)
  for (const [form, make] of Object.entries(members))
    describe(`a disabled member behind ${NAMES[kind]}, in ${form}`, peersOf(kind), () => {
      test('keeps its living sessions and sends all others to the other member', async () => {
        const { n1, n2 } = await make();
        const applications = { n1: n1.application, n2: n2.application };
        await using site = await DrainSite.start(kind, { applications, activation: { n1: 'disabled' } });
        const ask = (path: string, request: object = {}) => fetchOnce(site.front.port, { path, ...request });
        const alive = newSession(n1.manager);
        const stale = newSession(n1.manager);
        n1.manager.find(stale)?.invalidate();

        for (let visits = 1; visits < 5; visits++)
          assert.equal(text(await ask('/app/p', withId(alive))), `n1 ${visits}`);
        assert.equal(text(await ask(`/app/p;jsessionid=${alive}`)), 'n1 5');
        assert.deepEqual(facts(await ask('/app/p?a=%20b', withId(stale))), [307, '/app/p?a=%20b', REMOVAL]);
        assert.deepEqual(facts(await ask(`/app/p;jsessionid=${stale}?a=1`)), [307, '/app/p?a=1', undefined]);
        const upload = { method: 'POST', body: 'x'.repeat(100_000), ...withId(stale) };
        assert.deepEqual(facts(await ask('/app/echo', upload)), [307, '/app/echo', REMOVAL]);
        assert.equal(text(await ask('/app/echo', { ...upload, ...withId(alive) })).length, 100_000);
        const elsewhere = await ask('/app/p');
        assert.equal(text(elsewhere), 'n2 1');

        // A link with an old id, followed by someone who has a session elsewhere.
        const moved = withId(idOf(elsewhere));
        assert.deepEqual(facts(await ask(`/app/p;jsessionid=${stale}`, moved)), [307, '/app/p', undefined]);
        assert.equal(text(await ask('/app/p', moved)), 'n2 2');
        n1.manager.close();
        n2.manager.close();
      });
    });

function newSession(manager: LocalSessionManager): string {
  const session = manager.create();
  manager.release(session);
  return session.id;
}

for (const kind of FRONTS)
  describe(`a disabled member behind ${NAMES[kind]}`, peersOf(kind), () => {
    test('that is somebody’s hot standby costs his clients one redirect, and then serves them', async () => {
      const standby = plainMember('n2', true);
      const applications: Record<Route, RequestListener> = { n1: () => {}, n2: standby.application };
      const activation = { n1: 'stopped', n2: 'disabled' } as const;
      const properties = 'worker.n1.redirect=n2';
      await using site = await DrainSite.start(kind, { applications, activation, properties });
      const ask = (request: object = {}) => fetchOnce(site.front.port, { path: '/app/p', ...request });
      assert.deepEqual(facts(await ask(withId('0A.n1'))), [307, '/app/p', REMOVAL]);
      const first = await ask();
      assert.equal(text(first), 'n2 1');
      assert.equal(text(await ask(withId(idOf(first)))), 'n2 2');
      standby.manager.close();
    });

    test('frees clients of the cookie that set_session_cookie gives them', async () => {
      const n1 = plainMember('n1', true);
      const n2 = plainMember('n2', true);
      const applications = { n1: n1.application, n2: n2.application };
      const properties = 'worker.lb.set_session_cookie=1\nworker.lb.session_cookie=JSESSIONID';
      await using site = await DrainSite.start(kind, { applications, activation: { n1: 'disabled' }, properties });
      const cookies = await fetchOnce(site.front.port, { path: '/app/p', ...withId('.n1') });
      assert.deepEqual(
        cookies.headers.filter(([name]) => name === 'Set-Cookie').map(([, value]) => value),
        [REMOVAL, REMOVAL.replace('/app', '/')],
      );
      n1.manager.close();
      n2.manager.close();
    });
  });

for (const kind of FRONTS)
  describe(`express-session behind ${NAMES[kind]}`, peersOf(kind), () => {
    test('whose ids hide the route is drained by the cookie of set_session_cookie', async () => {
      const stores: expressSession.MemoryStore[] = [];
      const application = (route: string): RequestListener => {
        const store = new expressSession.MemoryStore();
        stores.push(store);
        const isAlive = (_req: unknown, id: string) =>
          new Promise<boolean>((resolve) =>
            store.get(id.slice(2, id.lastIndexOf('.')), (_error, found) => resolve(!!found)),
          );
        const app = express();
        app.use(
          drainFilter({ isAlive, cookie: { name: 'connect.sid' }, stickyCookie: 'MEMBER', ignoreCookie: TESTER }),
        );
        app.use(expressSession({ secret: 'keyboard cat', store, resave: false, saveUninitialized: true }));
        app.use((_req, res) => void res.send(route));
        return app;
      };
      const applications = { n1: application('n1'), n2: application('n2') };
      const properties = 'worker.lb.set_session_cookie=1\nworker.lb.session_cookie=MEMBER';
      await using site = await DrainSite.start(kind, { applications, activation: { n1: 'disabled' }, properties });
      // A tester may begin a session on a disabled member.
      const jar = new Map([
        ['MEMBER', '.n1'],
        [TESTER.name, TESTER.value],
      ]);
      const ask = async () => {
        const Cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
        const answer = await fetchOnce(site.front.port, { path: '/app/p', headers: [['Cookie', Cookie]] });
        for (const [field, cookie] of answer.headers) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
          if (field.toLowerCase() !== 'set-cookie') continue;
          if (cookie.includes('Max-Age=0')) jar.delete(name);
          else jar.set(name, value);
        }
        return answer.status === 200 ? text(answer) : answer.status;
      };
      assert.equal(await ask(), 'n1');
      jar.delete(TESTER.name);
      assert.deepEqual([...jar.keys()], ['MEMBER', 'connect.sid']);
      assert.deepEqual([await ask(), await ask()], ['n1', 'n1']);
      for (const store of stores) store.clear();
      assert.deepEqual([await ask(), [...jar.keys()]], [307, []]);
      assert.deepEqual([await ask(), await ask()], ['n2', 'n2']);
      assert.equal(jar.get('MEMBER'), '.n2');
    });
  });

interface Drain {
  /** Clients that had an id of the member when it was disabled, and at the end. */
  before: number;
  after: number;
  /** From the activation to the last request that reached it. */
  lastRequestMs: number;
  /** From the activation until it had no session and no client. */
  emptyMs: number | undefined;
  redirects: number;
}

const SHORT: CrowdHabits = { people: 1_000, pages: 3, pageMs: 400, awayMs: [3_000, 6_000], sessionMs: 1_000 };
const LONG: CrowdHabits = { people: 5_000, pages: 5, pageMs: 2_000, awayMs: [20_000, 60_000], sessionMs: 10_000 };
const EMPTY_LIMIT_MS = isLong ? 600_000 : 120_000;

/** Disables n1 under the crowd. Without a filter it is watched for `watchMs`. */
async function drainUnderLoad(kind: FrontKind, seed: number, hasFilter: boolean, watchMs: number): Promise<Drain> {
  const habits = isLong ? LONG : SHORT;
  const [n1, n2] = ROUTES.map((route) => plainMember(route, hasFilter, habits.sessionMs / 1_000));
  const applications = { n1: n1.application, n2: n2.application };
  await using site = await DrainSite.start(kind, { applications });
  const crowd = new BrowserCrowd(site.front.port, habits, randomFrom(seed));
  assert.ok(await until(() => crowd.known === habits.people, EMPTY_LIMIT_MS), `${crowd.known} have a session`);
  const before = crowd.holders('n1');
  const disabledAt = performance.now();
  await site.activate('n1', 'd');
  const isEmpty = () => crowd.holders('n1') === 0 && liveSessions(n1.manager) === 0;
  const becameEmpty = await until(isEmpty, watchMs);
  const emptyMs = becameEmpty ? performance.now() - disabledAt : undefined;
  const { count } = site.arrivals.n1;
  await sleep(habits.pageMs);
  if (becameEmpty) assert.equal(site.arrivals.n1.count, count, 'requests reach a member that is empty');
  const after = crowd.holders('n1');
  await crowd.leave();
  n1.manager.close();
  n2.manager.close();
  assert.deepEqual([crowd.failures, crowd.lost], [[], 0]);
  const lastRequestMs = site.arrivals.n1.lastAt - disabledAt;
  return { before, after, lastRequestMs, emptyMs, redirects: crowd.redirects };
}

/** Expired ones are noticed when they are asked for. */
function liveSessions(manager: LocalSessionManager): number {
  return [...manager.ids()].filter((id) => manager.find(id) !== undefined).length;
}

const seconds = (ms: number | undefined) => (ms === undefined ? 'never' : `${(ms / 1000).toFixed(1)} s`);

for (const kind of FRONTS)
  describe(`under ${isLong ? 'thousands' : 'a thousand'} of clients behind ${NAMES[kind]}`, peersOf(kind), () => {
    test('a disabled member becomes empty with the drain filter, without losing a session, and never without', async (t) => {
      const seed = chosenSeed();
      t.diagnostic(`seed ${seed}`);
      const filtered = await drainUnderLoad(kind, seed, true, EMPTY_LIMIT_MS);
      t.diagnostic(
        `with the filter: ${filtered.before} clients of the member, the last request after ${seconds(filtered.lastRequestMs)}, ` +
          `empty after ${seconds(filtered.emptyMs)}, ${filtered.redirects} redirects`,
      );
      assert.ok(filtered.before > 0);
      assert.equal(filtered.after, 0);
      assert.notEqual(filtered.emptyMs, undefined);

      const watchMs = 1.5 * (filtered.emptyMs ?? 0);
      const bare = await drainUnderLoad(kind, seed, false, watchMs);
      t.diagnostic(
        `without: ${bare.before} clients of the member, ${bare.after} of them still come after ${seconds(watchMs)}`,
      );
      assert.deepEqual([bare.emptyMs, bare.after], [undefined, bare.before]);
    });
  });
