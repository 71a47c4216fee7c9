// What `explain` says of a frontend that serves: nothing is changed by it, and real requests can be explained too.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explainInOneLine } from '../../../src/frontend/explain/explain-log.ts';
import type { Explanation } from '../../../src/frontend/explain/explanation.ts';
import { explainRequest } from '../../../src/frontend/explain/rehearsal.ts';
import { CLUSTER, explain, withCookie } from './explaining.ts';
import { Lab, until } from './lab.ts';

const BALANCED = `ProxyPass / balancer://c/ stickysession=S
<Proxy balancer://c>
BalancerMember http://127.0.0.1:@1 route=a loadfactor=3
BalancerMember http://127.0.0.1:@2 route=b
</Proxy>`;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

describe('a frontend that serves', () => {
  test('an explanation names the member that the next request gets, and changes nothing', async () => {
    await using lab = await Lab.open(BALANCED, 2);
    for (const backend of lab.backends) backend.onLine = (line) => line.socket.on('data', () => line.send(OK));
    const counters = () =>
      lab.members.map(({ member: { state } }) => [state.elected, state.busy, state.standing, state.bits]);
    const served = () =>
      lab.backends.map(({ lines }) => lines.reduce((sum, { text }) => sum + text.split('GET ').length - 1, 0));
    for (let i = 0; i < 12; i++) {
      const before = counters();
      const { elections } = await explainRequest(lab.frontend, { url: '/' });
      await explainRequest(lab.frontend, { url: '/' });
      assert.deepEqual(counters(), before);
      const index = lab.members.findIndex(({ member }) => member.config.url === elections[0].chosen);
      const expected = served().with(index, served()[index] + 1);
      const client = lab.ask('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      await until(() => client.isOver, 'answered');
      assert.deepEqual(served(), expected);
    }
  });

  test('a member in error is told with its state, and stays in error', async () => {
    await using lab = await Lab.open(BALANCED, 2);
    const [{ member }] = lab.members;
    const [proxied] = lab.site.balancers;
    proxied.balancer.failed(member, 'unavailable');
    lab.clock.advance(59_000);
    const first = await explainRequest(lab.frontend, { url: '/', headers: [['Cookie', 'S=x.a']] });
    assert.deepEqual([first.elections[0].members[0].status, first.elections[0].isRouteChanged], ['Init Err', true]);
    lab.clock.advance(2_000);
    const second = await explainRequest(lab.frontend, { url: '/', headers: [['Cookie', 'S=x.a']] });
    assert.match(second.elections[0].remarks[0], /was in error and may be tried again/);
    assert.equal(member.state.isInError, true);
  });

  // SetEnvIf
  test('catflap-explain set by SetEnvIf writes one event with the facts of a real request', async () => {
    await using lab = await Lab.open(`SetEnvIf X-Debug ^sesame$ catflap-explain\n${BALANCED}`, 2);
    await lab.backends[0].refuse();
    lab.backends[1].onLine = (line) => line.socket.on('data', () => line.send(OK));
    const ask = async (field: string) => {
      const client = lab.ask(`GET /x HTTP/1.1\r\nHost: x\r\n${field}Connection: close\r\n\r\n`);
      await until(() => client.isOver, 'answered');
    };
    await ask('X-Debug: sesame\r\n');
    await ask('X-Debug: other\r\n');
    await ask('catflap-explain: 1\r\n');
    const events = lab.log.events.filter(({ event }) => event === 'request-explained');
    assert.equal(events.length, 1);
    const facts = events[0].fields as unknown as Explanation;
    assert.equal(facts.request.isRehearsal, false);
    assert.deepEqual(
      facts.elections.map(({ chosen, failure }) => [chosen, failure?.code]),
      [
        [lab.members[0].member.config.url, 'connect-refused'],
        [lab.members[1].member.config.url, undefined],
      ],
    );
    assert.equal(facts.answer?.status, 200);
  });

  test('only so many requests a second are explained, and the rest is counted', async () => {
    await using lab = await Lab.open('SetEnvIf Request_URI . catflap-explain', 1);
    const ask = async (count: number) => {
      const client = lab.ask('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(count));
      await until(() => client.statuses.length === count, 'answered');
    };
    await ask(30);
    const events = () => lab.log.events.filter(({ event }) => event === 'request-explained');
    assert.equal(events().length, 20);
    lab.clock.advance(1_000);
    await ask(1);
    assert.equal(events().at(-1)?.fields.leftOut, 10);
  });
});

test('the note for access logs is one line', async () => {
  const explanation = await explain(CLUSTER, withCookie('JSESSIONID=x.b'));
  assert.equal(
    explainInOneLine(explanation),
    `mapping=/srv/httpd.conf:4 session=cookie/b member=ajp://10.0.0.2:8009 why="the session's route "b" is its route"`,
  );
});
