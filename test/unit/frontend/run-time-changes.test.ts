// Changes to balancers while requests are under way: nothing is lost, nothing is counted wrongly, and what was changed
// outlives a reload of the configuration.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultMember } from '../../../src/balancer/config.ts';
import type { RunningSite } from '../../../src/frontend/running-site.ts';
import { withAdded, withMember, withoutMember } from '../../../src/site/changes/overlay.ts';
import { randomFrom } from '../../support/random.ts';
import { Lab, type Line, turns, until } from './lab.ts';

const KEY = 'balancer://c';
const GET = 'GET /x HTTP/1.1\r\nHost: front.test\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const url = (lab: Lab, backend: number) => `http://127.0.0.1:${lab.backends[backend].port}`;
const CONF =
  '<Proxy balancer://c>\nBalancerMember http://127.0.0.1:@1 route=a\nBalancerMember http://127.0.0.1:@2 route=b\nProxySet growth=2\n</Proxy>\nProxyPass / balancer://c/\n';

const change = (
  site: RunningSite,
  how: (changes: ReturnType<RunningSite['balancers']['changesOf']>) => typeof changes,
) => site.balancers.change(KEY, how(site.balancers.changesOf(KEY)));

const answerAll = (lab: Lab) => {
  for (const backend of lab.backends)
    backend.onLine = (line: Line) => line.socket.on('data', () => line.socket.write(OK));
};

test('a removed member finishes the requests it has, gets no more, and its connections are closed', async () => {
  await using lab = await Lab.open(CONF, 2);
  const slow = lab.ask(GET);
  const line = await lab.line(0, 0);
  change(lab.site, (changes) => withoutMember(changes, url(lab, 0)));
  for (let i = 0; i < 3; i++) {
    const next = lab.ask(GET);
    await until(() => lab.backends[1].lines.length > i && lab.backends[1].lines[i].text !== '', 'the other member');
    lab.backends[1].lines[i].send(OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    await until(() => next.heard().isWhole, 'an answer');
  }
  assert.equal(lab.backends[0].lines.length, 1);
  line.send(OK);
  await until(() => slow.heard().body === 'ok', 'the answer that was under way');
  await until(() => line.hasEnded || line.isClosed, 'the connection is closed');
});

test('a member keeps its connections and counters when its load factor, route or status change', async () => {
  await using lab = await Lab.open(CONF, 2);
  answerAll(lab);
  for (let i = 0; i < 4; i++) await until(() => lab.ask(GET) && true, 'asked');
  await until(() => lab.clients.every((client) => client.heard().isWhole), 'answers');
  const counts = lab.members.map(({ member }) => member.state.elected);
  const pools = lab.members.map(({ backend }) => backend.pool);
  change(lab.site, (changes) =>
    withMember(changes, url(lab, 0), { loadFactor: 500, route: 'z', flags: { disabled: true } }),
  );
  assert.deepEqual(
    lab.members.map(({ member }) => member.state.elected),
    counts,
  );
  assert.deepEqual(
    lab.members.map(({ backend }) => backend.pool),
    pools,
  );
  assert.equal(lab.members[0].member.state.statusText, 'Init Dis ');
});

test('an added member serves', async () => {
  await using lab = await Lab.open(CONF, 3);
  answerAll(lab);
  const { port } = lab.backends[2];
  const member = defaultMember({ url: url(lab, 2), scheme: 'http', host: '127.0.0.1', port, path: '' });
  change(lab.site, (changes) => withAdded(changes, member));
  for (let i = 0; i < 3; i++) {
    const client = lab.ask(GET);
    await until(() => client.heard().isWhole, 'an answer');
  }
  assert.deepEqual(
    lab.members.map((each) => each.member.state.elected),
    [1, 1, 1],
  );
});

test('a request that waits for a usable member sees one that an operator enables', async () => {
  await using lab = await Lab.open(
    CONF.replace('route=a', 'status=+D').replace('route=b', 'status=+D').replace('growth=2', 'timeout=10'),
    2,
  );
  answerAll(lab);
  const client = lab.ask(GET);
  await until(() => lab.link.clock.now() >= 0 && lab.listener !== undefined, 'a start');
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  assert.equal(client.text, '');
  change(lab.site, (changes) => withMember(changes, url(lab, 1), { flags: { disabled: false } }));
  lab.clock.advance(200);
  await until(() => client.heard().body === 'ok', 'the answer');
});

test('a reload keeps what was changed, and says what it ends', async () => {
  await using lab = await Lab.open(CONF, 2);
  change(lab.site, (changes) => withMember(changes, url(lab, 0), { loadFactor: 500, set: 3 }));
  const before = lab.site;
  lab.site = lab.siteOf(lab.load(CONF.replace('route=a', 'route=a loadfactor=2')), before);
  lab.frontend.swap(lab.site);
  const [{ member }] = lab.members;
  assert.deepEqual([member.config.loadFactor, member.config.set], [200, 3]);
  const told = lab.log.events.filter(({ event }) => event === 'run-time-change-ended').map(({ fields }) => fields);
  assert.deepEqual(told, [
    { balancer: KEY, member: url(lab, 0), parameter: 'loadfactor', before: '1', now: '2', changed: '5' },
  ]);
});

test('changes by chance under load cost no request, and leave every account even', async () => {
  const random = randomFrom(11);
  await using lab = await Lab.open(CONF.replace('growth=2', 'growth=2 stickysession=S'), 4);
  answerAll(lab);
  const added = [2, 3].map((index) => {
    const { port } = lab.backends[index];
    return defaultMember({ url: url(lab, index), scheme: 'http', host: '127.0.0.1', port, path: '' });
  });
  let asked = 0;
  for (let round = 0; round < 60; round++) {
    for (let i = random.int(4); i > 0; i--, asked++)
      lab.ask(GET.replace('\r\n\r\n', `\r\nCookie: S=1.${random.pick(['a', 'b', 'z'])}\r\n\r\n`));
    await turns(random.int(6));
    change(lab.site, (changes) => {
      const { members } = lab.site.balancer(KEY)?.balancer ?? { members: [] };
      const there = new Set(members.map((member) => member.config.url));
      const comes = random.pick(added);
      if (random.chance(0.3) && !there.has(comes.url)) return withAdded(changes, comes);
      const member = random.pick(members).config;
      if (random.chance(0.3) && members.length > 1) return withoutMember(changes, member.url);
      if (random.chance(0.2)) return { ...changes, method: random.pick(['byrequests', 'bybusyness', 'bytraffic']) };
      const other = members.some((each) => each.config !== member && !each.config.flags.disabled);
      return withMember(changes, member.url, {
        loadFactor: 100 + random.int(900),
        set: random.int(2),
        route: random.pick(['a', 'b', 'z']),
        flags: { disabled: other && random.chance(0.3) },
      });
    });
    // Nobody would serve otherwise.
    const now = lab.site.balancer(KEY)?.balancer.members ?? [];
    if (now.every((member) => member.config.flags.disabled))
      change(lab.site, (changes) => withMember(changes, now[0].config.url, { flags: { disabled: false } }));
  }
  await until(() => lab.clients.every((client) => client.heard().isWhole), 'all answers');
  assert.deepEqual(new Set(lab.clients.map((client) => client.heard().status)), new Set([200]));
  assert.ok(asked > 50);
});
