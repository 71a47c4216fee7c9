// CatflapProbe: members in error come back without a visitor's help.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_CHANGES, withMember } from '../../../src/site/changes/overlay.ts';
import { Lab, turns, until } from './lab.ts';

const PONG = Buffer.from([0x41, 0x42, 0x00, 0x01, 0x09]);
const GET = 'GET /x HTTP/1.1\r\nHost: front.test\r\nConnection: close\r\n\r\n';

function balancer(member: string, probe = 'On'): string {
  return `<IfModule catflap_module>\nCatflapProbe ${probe}\n</IfModule>\n<Proxy balancer://c>\nBalancerMember ${member} retry=300\n</Proxy>\nProxyPass / balancer://c/`;
}

/** Puts the only member in error, as a failed request does. */
function fail(lab: Lab): void {
  [...lab.site.balancers][0].balancer.failed(lab.members[0].member, 'unavailable');
}

function status(lab: Lab): string {
  return lab.members[0].member.state.statusText.trim();
}

describe('CatflapProbe', () => {
  it('asks an AJP member in error with CPING every 2 s, and CPONG ends the error', async () => {
    await using lab = await Lab.open(balancer('ajp://127.0.0.1:@1'));
    const [backend] = lab.backends;
    lab.clock.advance(10_000);
    await turns();
    assert.equal(backend.lines.length, 0, 'a member that is well is left alone');
    fail(lab);
    lab.clock.advance(2_000);
    assert.equal((await lab.line(0)).text, '\x12\x34\x00\x01\x0a');
    lab.clock.advance(2_000);
    await turns();
    assert.equal(backend.lines.length, 1, 'one question at a time');
    assert.equal(status(lab), 'Init Err');
    backend.lines[0].send(PONG);
    await until(() => status(lab) === 'Init Ok', 'it is back');
    assert.deepEqual(
      lab.log.events.filter(({ event }) => event.startsWith('member-')).map(({ event }) => event),
      ['member-failed', 'member-recovered'],
    );
  });

  it('asks an HTTP member with HEAD for its path; any answer below 500 will do', async () => {
    await using lab = await Lab.open(balancer('http://127.0.0.1:@1/app'));
    const [backend] = lab.backends;
    fail(lab);
    lab.clock.advance(2_000);
    assert.equal((await lab.line(0)).text, `HEAD /app HTTP/1.1\r\nHost: 127.0.0.1:${backend.port}\r\n\r\n`);
    backend.lines[0].send('HTTP/1.1 503 No\r\n\r\n');
    await until(() => backend.lines[0].hasEnded, 'the answer is read');
    assert.equal(status(lab), 'Init Err');
    lab.clock.advance(2_000);
    (await lab.line(1)).send('HTTP/1.1 404 No\r\n\r\n');
    await until(() => status(lab) === 'Init Ok', 'it is back');
  });

  it('gives an answer 5 s at most, then asks anew', async () => {
    await using lab = await Lab.open(balancer('ajp://127.0.0.1:@1', '500ms'));
    fail(lab);
    lab.clock.advance(500);
    await lab.line(0);
    lab.clock.advance(5_000);
    assert.equal(status(lab), 'Init Err');
    lab.clock.advance(500);
    await lab.line(1);
  });

  it('leaves to retry= what failonstatus saw', async () => {
    await using lab = await Lab.open(`${balancer('http://127.0.0.1:@1')}\nProxySet balancer://c failonstatus=500`);
    const client = lab.ask(GET);
    (await lab.line(0)).send('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n');
    await until(() => client.isOver, 'the answer');
    assert.equal(status(lab), 'Init Err');
    lab.clock.advance(10_000);
    await turns();
    assert.equal(lab.backends[0].lines.length, 1);
  });

  it('leaves members with health checks to these, and stopped ones alone', async () => {
    await using lab = await Lab.open(balancer('ajp://127.0.0.1:@1 hcmethod=CPING hcinterval=60'));
    fail(lab);
    lab.clock.advance(10_000);
    await turns();
    assert.equal(lab.backends[0].lines.length, 0);
    await using other = await Lab.open(balancer('ajp://127.0.0.1:@1'));
    const [key] = other.site.snapshot.balancers.keys();
    fail(other);
    const { url } = other.members[0].member.config;
    other.site.balancers.change(key, withMember(NO_CHANGES, url, { flags: { stopped: true } }));
    other.clock.advance(10_000);
    await turns();
    assert.equal(other.backends[0].lines.length, 0);
  });

  it('is Off unless said, and ends with the site', async () => {
    for (const probe of ['Off', 'On']) {
      await using lab = await Lab.open(balancer('ajp://127.0.0.1:@1', probe));
      fail(lab);
      if (probe === 'On') lab.site.retire();
      lab.clock.advance(10_000);
      await turns();
      assert.equal(lab.backends[0].lines.length, 0, probe);
    }
  });
});
