// Changes made at run time: what is in force under them, and what becomes of them when the file is read again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BalancerConfig, defaultMember } from '../../../src/balancer/config.ts';
import {
  applyChanges,
  applyOverlay,
  type BalancerChanges,
  NO_CHANGES,
  NO_OVERLAY,
  type Overlay,
  pruneChanges,
  withAdded,
  withChanges,
  withMember,
  withoutMember,
} from '../../../src/site/changes/overlay.ts';
import { reconcile } from '../../../src/site/changes/reconcile.ts';
import { site } from './support.ts';

const KEY = 'balancer://c';
const [A, B, X] = ['http://a.test', 'http://b.test', 'http://x.test'];

function configured({ a = '', b = '', set = 'growth=2' } = {}): BalancerConfig {
  const text = `<Proxy balancer://c>\nBalancerMember ${A} ${a}\nBalancerMember ${B} ${b}\nProxySet ${set}\n</Proxy>`;
  return site(text).balancers.get(KEY) as BalancerConfig;
}

const extra = defaultMember({ url: X, scheme: 'http', host: 'x.test', port: 80, path: '' });
const urls = (config: BalancerConfig) => config.members.map((member) => member.url);
const overlayOf = (changes: BalancerChanges): Overlay => withChanges(NO_OVERLAY, KEY, changes);

/** What is left of changes when the file goes from `before` to `now`, and the notes as texts. */
function carried(before: BalancerConfig, now: BalancerConfig, changes: BalancerChanges) {
  const { overlay, notes } = reconcile(new Map([[KEY, before]]), new Map([[KEY, now]]), overlayOf(changes));
  return {
    config: applyChanges(now, overlay.get(KEY)),
    overlay,
    notes: notes.map(
      (note) => `${note.member ?? ''} ${note.parameter}: ${note.before} -> ${note.now}, ${note.changed}`,
    ),
  };
}

test('without changes the configuration in force is the very object of the file', () => {
  const config = configured();
  const balancers = new Map([[KEY, config]]);
  assert.equal(applyOverlay(balancers, NO_OVERLAY), balancers);
  assert.equal(applyChanges(config, undefined), config);
});

test('changed parameters lie over those of the file, and the file stays as it is', () => {
  const config = configured({ a: 'loadfactor=3 route=r status=+H' });
  const changes = withMember(NO_CHANGES, A, { loadFactor: 200, flags: { disabled: true } });
  const [member] = applyChanges(config, withMember(changes, A, { set: 1, flags: { drain: true } })).members;
  assert.deepEqual(
    [member.loadFactor, member.set, member.route, member.flags.standby, member.flags.disabled, member.flags.drain],
    [200, 1, 'r', true, true, true],
  );
  assert.deepEqual([config.members[0].loadFactor, config.members[0].flags.disabled], [300, false]);
});

test('a session name given and taken away keeps separator and nofailover of the file', () => {
  const config = configured({ set: 'stickysessionsep=! nofailover=On' });
  assert.equal(config.stickiness, undefined);
  const named = applyChanges(config, { ...NO_CHANGES, stickySession: 'C|p' });
  assert.deepEqual(named.stickiness, {
    cookieName: 'C',
    pathName: 'p',
    separator: '!',
    semicolonEnds: false,
    force: true,
  });
  const none = applyChanges(named, { ...NO_CHANGES, stickySession: '' });
  assert.equal(none.stickiness, undefined);
  assert.equal(none.dormantStickiness?.separator, '!');
});

test('members come and go within the room of growth=', () => {
  const config = configured();
  const added = withAdded(NO_CHANGES, extra);
  assert.deepEqual([urls(applyChanges(config, added)), applyChanges(config, added).growth], [[A, B, X], 1]);
  const without = withoutMember(withoutMember(added, X), A);
  assert.deepEqual([urls(applyChanges(config, without)), applyChanges(config, without).growth], [[B], 3]);
  const back = withAdded(without, { ...extra, url: A });
  assert.deepEqual(urls(applyChanges(config, back)), [A, B]);
  assert.deepEqual(withChanges(overlayOf(added), KEY, pruneChanges(config, back)), NO_OVERLAY, 'all as in the file');
});

test('a reload keeps what was changed at run time when the file says what it said before', () => {
  const changes: BalancerChanges = {
    ...withMember(withMember(withAdded(NO_CHANGES, extra), A, { loadFactor: 500 }), X, { route: 'x' }),
    timeoutMs: 5000,
    stickySession: 'S',
  };
  const { config, notes } = carried(configured(), configured({ b: 'loadfactor=9 ping=1' }), changes);
  assert.deepEqual(notes, []);
  assert.deepEqual(urls(config), [A, B, X]);
  assert.deepEqual(
    config.members.map((member) => [member.loadFactor, member.route]),
    [
      [500, ''],
      [900, ''],
      [100, 'x'],
    ],
  );
  assert.deepEqual([config.timeoutMs, config.stickiness?.cookieName], [5000, 'S']);
});

test('a value that the file itself changed is the file’s, and a note tells all three', () => {
  const changes: BalancerChanges = {
    ...withMember(NO_CHANGES, A, { loadFactor: 500, set: 2, flags: { disabled: true, drain: true } }),
    maxAttempts: 7,
    method: 'bytraffic',
  };
  const now = configured({ a: 'loadfactor=2 status=+D', set: 'growth=2 maxattempts=1' });
  const { config, notes } = carried(configured(), now, changes);
  assert.deepEqual(notes, [
    'http://a.test loadfactor: 1 -> 2, 5',
    'http://a.test status disabled: false -> true, true',
    ' maxattempts: default -> 1, 7',
  ]);
  const [a] = config.members;
  assert.deepEqual([a.loadFactor, a.set, a.flags.disabled, a.flags.drain], [200, 2, true, true]);
  assert.deepEqual([config.maxAttempts, config.method], [1, 'bytraffic']);
});

test('an added member that the file has by now is the file’s', () => {
  const text = `<Proxy balancer://c>\nBalancerMember ${A}\nBalancerMember ${X} route=new\nProxySet growth=1\n</Proxy>`;
  const now = site(text).balancers.get(KEY) as BalancerConfig;
  const changes = withMember(withAdded(NO_CHANGES, extra), B, { set: 1 });
  const { config, notes, overlay } = carried(configured(), now, changes);
  assert.deepEqual(urls(config), [A, X]);
  assert.equal(config.members[1].route, 'new');
  assert.deepEqual(notes, [
    'http://x.test member: undefined -> http://x.test, added at run time',
    'http://b.test member: http://b.test -> undefined, changed at run time',
  ]);
  assert.equal(overlay.size, 0);
});

test('an added member goes when the file leaves no room for it', () => {
  const { config, notes } = carried(
    configured(),
    configured({ set: 'lbmethod=byrequests' }),
    withAdded(NO_CHANGES, extra),
  );
  assert.deepEqual(urls(config), [A, B]);
  assert.deepEqual(notes, ['http://x.test growth: 2 -> 0, added at run time']);
});

test('a removed member stays away, and changes of a balancer that is gone end with it', () => {
  const { config } = carried(configured(), configured({ a: 'loadfactor=4' }), withoutMember(NO_CHANGES, A));
  assert.deepEqual(urls(config), [B]);
  const { overlay, notes } = reconcile(
    new Map([[KEY, configured()]]),
    new Map(),
    overlayOf(withoutMember(NO_CHANGES, A)),
  );
  assert.deepEqual([overlay.size, notes.length], [0, 1]);
});
