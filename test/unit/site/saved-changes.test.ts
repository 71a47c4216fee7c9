// Changes as text and back, and texts that are broken in every way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultMember } from '../../../src/balancer/config.ts';
import { Failure } from '../../../src/base/failure.ts';
import {
  applyChanges,
  type BalancerChanges,
  NO_CHANGES,
  NO_OVERLAY,
  withAdded,
  withChanges,
  withMember,
  withoutMember,
} from '../../../src/site/changes/overlay.ts';
import { tellChanges } from '../../../src/site/changes/reconcile.ts';
import { persistentKeys, restoreChanges, saveChanges } from '../../../src/site/changes/saved-changes.ts';
import { randomFrom } from '../../support/random.ts';
import { site } from './support.ts';

const KEY = 'balancer://c';
const conf = (a = '', set = 'growth=2', more = '') =>
  `BalancerPersist On\n<Proxy balancer://c>\nBalancerMember http://a.test ${a}\nBalancerMember http://b.test\n${more}\nProxySet ${set}\n</Proxy>`;
const before = site(conf());
const keys = new Set([KEY]);
const extra = defaultMember({ url: 'http://x.test', scheme: 'http', host: 'x.test', port: 80, path: '' });
const changes: BalancerChanges = {
  ...withMember(
    withMember(withAdded(NO_CHANGES, extra), 'http://a.test', { loadFactor: 250, flags: { drain: true } }),
    'http://x.test',
    { route: 'é<x' },
  ),
  method: 'bytraffic',
  stickySession: 'C|p',
  timeoutMs: 3000,
};
const text = saveChanges(before.balancers, withChanges(NO_OVERLAY, KEY, changes), keys);

function inForce(snapshot = before, saved = text) {
  const config = snapshot.balancers.get(KEY);
  assert.ok(config);
  return applyChanges(config, restoreChanges(saved, snapshot.balancers, keys).get(KEY));
}

test('what was saved is in force again', () => {
  const config = inForce();
  assert.deepEqual(
    config.members.map(({ url, loadFactor, route, flags }) => [url, loadFactor, route, flags.drain]),
    [
      ['http://a.test', 250, '', true],
      ['http://b.test', 100, '', false],
      ['http://x.test', 100, 'é<x', false],
    ],
  );
  assert.deepEqual(
    [config.method, config.timeoutMs, config.stickiness?.cookieName, config.growth],
    ['bytraffic', 3000, 'C', 1],
  );
});

// BalancerPersist
test('what was in force beats what the file says by now, and each such value is told', () => {
  const now = site(
    conf('loadfactor=9 route=new timeout=7', 'growth=2 lbmethod=bybusyness', 'BalancerMember http://n.test'),
  );
  const config = inForce(now);
  assert.deepEqual(
    config.members.map(({ url, loadFactor, route, timeoutMs }) => [url, loadFactor, route, timeoutMs]),
    [
      ['http://a.test', 250, '', 7000],
      ['http://b.test', 100, '', undefined],
      ['http://n.test', 100, '', undefined],
      ['http://x.test', 100, 'é<x', undefined],
    ],
  );
  const notes = tellChanges(now.balancers, restoreChanges(text, now.balancers, keys));
  assert.deepEqual(
    notes.map((note) => `${note.member ?? ''} ${note.parameter}: ${note.now} -> ${note.changed}`),
    [
      'http://x.test member: undefined -> added at run time',
      ' lbmethod: bybusyness -> bytraffic',
      ' timeout: 0 -> 3',
      ' stickysession:  -> C|p',
      'http://a.test loadfactor: 9 -> 2.5',
      'http://a.test route: new -> ',
      'http://a.test status drain: false -> true',
    ],
  );
});

test('a member that the file replaced is the new one, and one that was taken out stays out', () => {
  const replaced = site(conf().replace('http://b.test', 'http://d.test'));
  assert.deepEqual(
    inForce(replaced).members.map(({ url }) => url),
    ['http://a.test', 'http://d.test', 'http://x.test'],
  );
  const without = saveChanges(
    before.balancers,
    withChanges(NO_OVERLAY, KEY, withoutMember(NO_CHANGES, 'http://a.test')),
    keys,
  );
  assert.deepEqual(
    inForce(before, without).members.map(({ url }) => url),
    ['http://b.test'],
  );
});

test('added members go when the file leaves no room', () => {
  assert.deepEqual(inForce(site(conf('', 'lbmethod=byrequests'))).members.length, 2);
});

test('only balancers of hosts that keep changes are kept', () => {
  const text = `<Proxy balancer://c>\nBalancerMember http://c.test\n</Proxy>\n<VirtualHost *:1>\nServerName v\nBalancerPersist On\n<Proxy balancer://own>\nBalancerMember http://own.test\n</Proxy>\n</VirtualHost>\n<VirtualHost *:2>\nServerName w\n<Proxy balancer://other>\nBalancerMember http://other.test\n</Proxy>\n</VirtualHost>`;
  assert.deepEqual([...persistentKeys(site(text))], ['balancer://c', 'v:1|balancer://own']);
  assert.deepEqual([...persistentKeys(site(`BalancerPersist On\n${text}`))].length, 3);
  assert.equal(persistentKeys(site('')).size, 0);
});

test('a broken text fails as such and in no other way, whatever is broken', () => {
  const random = randomFrom(7);
  let refused = 0;
  for (let i = 0; i < 3000; i++) {
    let broken = text;
    for (let n = 1 + random.int(3); n > 0; n--) {
      const at = random.int(broken.length);
      const length = random.int(random.pick([2, 20, 200]));
      const put = random.pick(['', '{', '"', '-1', 'null', '[]', '1e999', 'x', '\u0000', '{"a":1}']);
      broken = broken.slice(0, at) + put + broken.slice(at + length);
    }
    try {
      inForce(before, broken);
    } catch (error) {
      assert.ok(error instanceof Failure && error.code === 'saved-changes-broken', String(error));
      refused++;
    }
  }
  assert.ok(refused > 1500);
  for (const wrong of ['', 'null', '[]', '{}', '{"format":"catflap balancer changes","version":2,"balancers":{}}'])
    assert.throws(() => inForce(before, wrong), { code: 'saved-changes-broken' });
  for (const [what, by] of [
    ['250', '99'],
    ['250', '2.5'],
    ['"bytraffic"', '"best"'],
    ['"http://x.test"', '"nonsense"'],
    ['true', '"yes"'],
    ['3000', '-1'],
  ])
    assert.throws(() => inForce(before, text.replaceAll(what, by)), { code: 'saved-changes-broken' }, `${what} ${by}`);
});
