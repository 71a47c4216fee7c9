// The local session manager: ids, lives and ends of sessions, on a virtual clock.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { Failure } from '../../../src/base/failure.ts';
import { routeOf, withRoute } from '../../../src/session/id.ts';
import { LocalSessionManager, type LocalSessionOptions } from '../../../src/session/local.ts';

function setUp(options: LocalSessionOptions = {}) {
  const clock = new VirtualClock();
  return { clock, manager: new LocalSessionManager(clock, randomBytes, options) };
}

const hasCode = (code: string) => (error: unknown) => error instanceof Failure && error.code === code;

describe('session ids', () => {
  test('an id is 32 upper-case hexadecimal digits', () => {
    assert.match(setUp().manager.create().id, /^[0-9A-F]{32}$/);
  });

  test('an id ends with the route of its node', () => {
    const { id } = setUp({ route: 'node1' }).manager.create();
    assert.match(id, /^[0-9A-F]{32}\.node1$/);
    assert.equal(routeOf(id), 'node1');
  });

  test('the octets of the random source decide the id', () => {
    const manager = new LocalSessionManager(new VirtualClock(), (size) => new Uint8Array(size).fill(0xab));
    assert.equal(manager.create().id, 'AB'.repeat(16));
  });

  test('an id that is taken is drawn again', () => {
    let drawn = 0;
    const manager = new LocalSessionManager(new VirtualClock(), (size) => new Uint8Array(size).fill(drawn++ >> 1));
    assert.notEqual(manager.create().id, manager.create().id);
    assert.equal(drawn, 3);
  });

  test('a route may hold dots, and a route that cannot travel in a cookie is refused', () => {
    assert.equal(routeOf('AB.eu.1'), 'eu.1');
    for (const route of ['', 'a;b', 'a b', 'a/b', 'a"b', 'x'.repeat(129)])
      assert.throws(() => setUp({ route }), hasCode('session-bad-route'), JSON.stringify(route));
  });

  test('a takeover changes the route and nothing else', () => {
    assert.equal(withRoute('AB.jvm1', 'jvm2'), 'AB.jvm2');
    assert.equal(withRoute('AB', 'jvm2'), 'AB.jvm2');
    assert.equal(withRoute('AB.jvm1', undefined), 'AB');
  });
});

describe('a session', () => {
  test('is found by its whole id, route included', () => {
    const { manager } = setUp({ route: 'a' });
    const session = manager.create();
    assert.equal(manager.load(session.id), session);
    assert.equal(manager.load(session.id.slice(0, 32)), undefined);
    assert.equal(manager.load(withRoute(session.id, 'b')), undefined);
  });

  test('is new until its first request is over', () => {
    const { manager } = setUp();
    const session = manager.create();
    assert.equal(session.isNew, true);
    manager.release(session);
    assert.equal(manager.load(session.id)?.isNew, false);
  });

  test('tells when it began and when the client came before this request', () => {
    const { clock, manager } = setUp();
    const began = clock.wall();
    const session = manager.create();
    manager.release(session);
    clock.advance(5_000);
    manager.load(session.id);
    assert.equal(session.lastAccessedAt, began);
    manager.release(session);
    clock.advance(2_000);
    manager.load(session.id);
    assert.equal(session.createdAt, began);
    assert.equal(session.lastAccessedAt, began + 5_000);
  });

  test('keeps attributes; undefined and null remove them', () => {
    const session = setUp().manager.create();
    const cart = { items: [1] };
    session.set('cart', cart);
    session.set('id', 'an attribute may be named like anything');
    assert.equal(session.get('cart'), cart);
    assert.deepEqual(session.names(), ['cart', 'id']);
    session.set('cart', null);
    session.set('id', undefined);
    assert.equal(session.has('cart'), false);
    assert.deepEqual(session.names(), []);
  });

  test('refuses everything once it is invalidated, and its id means nothing', () => {
    const { manager } = setUp();
    const session = manager.create();
    session.set('a', 1);
    session.invalidate();
    assert.equal(session.isValid, false);
    for (const use of [
      () => session.get('a'),
      () => session.set('a', 2),
      () => session.remove('a'),
      () => session.names(),
      () => session.invalidate(),
      () => session.changeSessionId(),
    ])
      assert.throws(use, hasCode('session-invalidated'));
    assert.equal(manager.load(session.id), undefined);
  });

  test('keeps its attributes under a new id, and the old id dies', () => {
    const { manager } = setUp({ route: 'r' });
    const session = manager.create();
    const old = session.id;
    session.set('user', 'ada');
    const fresh = session.changeSessionId();
    assert.notEqual(fresh, old);
    assert.match(fresh, /^[0-9A-F]{32}\.r$/);
    assert.equal(manager.load(old), undefined);
    assert.equal(manager.load(fresh)?.get('user'), 'ada');
    assert.equal(manager.counts.active, 1);
  });
});

describe('expiry', () => {
  test('a session lives 30 minutes after its last request unless told otherwise', () => {
    const { clock, manager } = setUp();
    const session = manager.create();
    manager.release(session);
    assert.equal(session.maxInactiveInterval, 1_800);
    clock.advance(1_799_999);
    assert.ok(manager.find(session.id));
    clock.advance(1);
    assert.equal(manager.find(session.id), undefined);
    assert.equal(session.isValid, false);
  });

  test('every request begins the time anew', () => {
    const { clock, manager } = setUp({ maxInactiveInterval: 10 });
    const session = manager.create();
    manager.release(session);
    for (let i = 0; i < 5; i++) {
      clock.advance(9_000);
      assert.ok(manager.load(session.id));
      manager.release(session);
    }
    clock.advance(10_000);
    assert.equal(manager.load(session.id), undefined);
  });

  test('a session does not expire under a request that uses it', () => {
    const { clock, manager } = setUp({ maxInactiveInterval: 10, sweepIntervalMs: 1_000 });
    const session = manager.create();
    clock.advance(60_000);
    assert.equal(session.isValid, true);
    manager.release(session);
    clock.advance(9_999);
    assert.equal(session.isValid, true);
    clock.advance(1_001);
    assert.equal(session.isValid, false);
  });

  test('zero and less mean never; one session may differ from the others', () => {
    const { clock, manager } = setUp({ maxInactiveInterval: 10 });
    const [lasting, passing] = [manager.create(), manager.create()];
    lasting.maxInactiveInterval = 0;
    manager.release(lasting);
    manager.release(passing);
    clock.advance(86_400_000);
    assert.deepEqual([lasting.isValid, passing.isValid], [true, false]);
  });

  test('the sweep ends sessions nobody asks for, reports them, and rests when none is left', () => {
    const ended: unknown[] = [];
    const { clock, manager } = setUp({
      maxInactiveInterval: 30,
      onEnd: (id, end, attributes) => ended.push([id, end, attributes.get('n')]),
    });
    const session = manager.create();
    session.set('n', 7);
    manager.release(session);
    clock.advance(60_000);
    assert.deepEqual(ended, [[session.id, 'expired', 7]]);
    assert.deepEqual(manager.counts, { active: 0, maxActive: 1, created: 1, expired: 1, rejected: 0 });
    const again = manager.create();
    manager.release(again);
    clock.advance(120_000);
    assert.equal(again.isValid, false);
  });

  test('a sweep over many sessions goes on after each slice', () => {
    const { clock, manager } = setUp({ maxInactiveInterval: 1 });
    for (let i = 0; i < 25_000; i++) manager.release(manager.create());
    clock.advance(60_000);
    assert.equal(manager.counts.active, 0);
    assert.equal(manager.counts.expired, 25_000);
  });

  test('a closed manager sweeps no more but still notices overdue sessions', () => {
    const { clock, manager } = setUp({ maxInactiveInterval: 1 });
    const session = manager.create();
    manager.release(session);
    manager.close();
    clock.advance(120_000);
    assert.equal(session.isValid, true);
    assert.equal(manager.load(session.id), undefined);
  });
});

test('above maxActiveSessions no session begins until one has ended', () => {
  const { manager } = setUp({ maxActiveSessions: 2 });
  const first = manager.create();
  manager.create();
  assert.throws(
    () => manager.create(),
    (error) => hasCode('session-limit')(error) && (error as Failure).status === 503,
  );
  assert.equal(manager.counts.rejected, 1);
  first.invalidate();
  assert.ok(manager.create());
});
