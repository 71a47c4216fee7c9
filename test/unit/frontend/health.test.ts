// Health checks of members: what is asked octet by octet, when, how answers are judged, and what becomes of the member.
// Facts are those of mod_proxy_hcheck, measured on httpd 2.4.71 (test/peers/health-checks.test.ts asks it again).

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultMember } from '../../../src/balancer/config.ts';
import { questionOf } from '../../../src/frontend/health/question.ts';
import { NO_CHANGES, withMember } from '../../../src/site/changes/overlay.ts';
import { Lab, type Line, turns, until } from './lab.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
const PONG = Buffer.from([0x41, 0x42, 0x00, 0x01, 0x09]);

function balancer(parameters: string, member = 'http://127.0.0.1:@1', more = ''): string {
  return `${more}\n<Proxy balancer://c>\nBalancerMember ${member} ${parameters}\n</Proxy>\nProxyPass / balancer://c/`;
}

/** What is known of the only member. */
function checkup(lab: Lab) {
  const checks = lab.site.health.of(lab.members[0].member);
  assert.ok(checks, 'the member is checked');
  return checks;
}

function status(lab: Lab): string {
  return lab.members[0].member.state.statusText.trim();
}

/** Lets the next check begin, answers it, and waits until it is judged. */
async function check(lab: Lab, answer: string | Buffer | ((line: Line) => void), intervalMs = 30_000): Promise<string> {
  const checks = checkup(lab);
  const [backend] = lab.backends;
  const count = backend.lines.length;
  const last = checks.results.at(-1);
  lab.clock.advance(intervalMs);
  await until(() => backend.lines.length > count, 'a check');
  const line = backend.lines[count];
  if (answer !== '') await until(() => line.text !== '', 'a question');
  if (typeof answer === 'function') answer(line);
  else line.send(answer);
  await until(() => checks.results.at(-1) !== last, 'a verdict');
  return line.text;
}

describe('the question', () => {
  // hcmethod=GET, HEAD, OPTIONS, GET11, HEAD11, OPTIONS11; hcuri
  for (const [parameters, path, text] of [
    ['hcmethod=GET hcuri=/h', '', 'GET /h HTTP/1.0'],
    ['hcmethod=get11 hcuri=/h?x=1', '', 'GET /h?x=1 HTTP/1.1'],
    ['hcmethod=HEAD hcuri=h', '/app', 'HEAD /app/h HTTP/1.0'],
    ['hcmethod=HEAD11 hcuri=/h', '/app', 'HEAD /app//h HTTP/1.1'],
    ['hcmethod=HEAD11', '/app/', 'HEAD /app/ HTTP/1.1'],
    ['hcmethod=GET11', '', 'GET / HTTP/1.1'],
    ['hcmethod=OPTIONS hcuri=/h', '/app', 'OPTIONS * HTTP/1.0'],
    ['hcmethod=OPTIONS11 hcuri=/h', '', 'OPTIONS * HTTP/1.1'],
  ] as const)
    it(`of ${parameters} to a member with path "${path}" is ${text}, with Host alone`, async () => {
      await using lab = await Lab.open(balancer(parameters, `http://127.0.0.1:@1${path}`));
      const asked = await check(lab, OK);
      assert.equal(asked, `${text}\r\nHost: 127.0.0.1:${lab.backends[0].port}\r\n\r\n`);
      assert.equal(status(lab), 'Init Ok');
      await until(() => lab.backends[0].lines[0].hasEnded, 'the connection is closed after the answer');
    });

  it('has one line whatever octets a form of a manager puts into hcuri', () => {
    const member = defaultMember({ url: 'http://h', scheme: 'http', host: 'h', port: 80, path: '' });
    const healthCheck = { ...member.healthCheck, method: 'GET' as const, uri: '/x HTTP/1.1\r\nX-More: 1\r\nY:\xe9' };
    const question = questionOf({ ...member, healthCheck });
    assert.equal(question?.kind === 'http' && question.target, '/x%20HTTP/1.1%0D%0AX-More:%201%0D%0AY:%E9');
  });

  it('of hcmethod=CPING is one packet, and CPONG the answer', async () => {
    await using lab = await Lab.open(balancer('hcmethod=CPING', 'ajp://127.0.0.1:@1'));
    assert.equal(await check(lab, PONG), '\x12\x34\x00\x01\x0a');
    assert.equal(status(lab), 'Init Ok');
    await check(lab, Buffer.from([0x41, 0x42, 0x00, 0x01, 0x05]));
    assert.equal(status(lab), 'Init HcFl');
  });

  it('of hcmethod=TCP is the connection itself', async () => {
    await using lab = await Lab.open(balancer('hcmethod=TCP', 'ajp://127.0.0.1:@1'));
    assert.equal(await check(lab, ''), '');
    assert.equal(status(lab), 'Init Ok');
    await lab.backends[0].refuse();
    const { results } = checkup(lab);
    lab.clock.advance(30_000);
    await until(() => results.length === 2, 'a verdict');
    assert.deepEqual([results[1].hasPassed, results[1].cause], [false, 'ECONNREFUSED']);
    assert.equal(status(lab), 'Init HcFl');
  });

  it('of hcmethod=NONE is never asked, nor a stopped member, nor a direct target', async () => {
    await using lab = await Lab.open(
      `${balancer('hcmethod=NONE')}\n<Proxy balancer://d>\nBalancerMember http://127.0.0.1:@1 hcmethod=TCP status=+S\n</Proxy>\nProxyPass /d http://127.0.0.1:@1/ hcmethod=TCP`,
    );
    lab.clock.advance(120_000);
    await turns();
    assert.equal(lab.backends[0].lines.length, 0);
  });
});

describe('an answer', () => {
  for (const [name, answer, passes] of [
    ['with status 200', OK, true],
    ['with status 302', 'HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n', true],
    ['with status 399', 'HTTP/1.1 399 Odd\r\nContent-Length: 0\r\n\r\n', true],
    ['with status 304, which has no body', 'HTTP/1.1 304 Not Modified\r\n\r\n', true],
    ['after an interim one', `HTTP/1.1 103 Early Hints\r\n\r\n${OK}`, true],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n', true],
    ['with a long body, whose rest is not waited for', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(70_000)}`, true],
    ['with status 400', 'HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n', false],
    ['with status 500', 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n', false],
    ['with status 101', 'HTTP/1.1 101 Switching\r\n\r\n', false],
    ['that is no HTTP', 'hello there friend\r\n\r\n', false],
    ['with a field without a colon', 'HTTP/1.1 200 OK\r\nnocolon\r\n\r\n', false],
    ['with a broken chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', false],
  ] as const)
    it(`${name} ${passes ? 'passes' : 'fails'}`, async () => {
      await using lab = await Lab.open(balancer('hcmethod=GET11'));
      await check(lab, answer);
      assert.equal(status(lab), passes ? 'Init Ok' : 'Init HcFl');
    });

  it('that breaks off fails, one that ends with the connection passes', async () => {
    await using lab = await Lab.open(balancer('hcmethod=GET11'));
    await check(lab, (line) => line.socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'));
    assert.equal(status(lab), 'Init Ok');
    await check(lab, (line) => line.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhi'));
    assert.equal(status(lab), 'Init HcFl');
    assert.match(checkup(lab).results[1].cause, /closed/);
  });

  it('that does not come within timeout= fails; meanwhile nothing else is asked', async () => {
    await using lab = await Lab.open(balancer('hcmethod=GET hcinterval=1 timeout=5'));
    lab.clock.advance(1_000);
    await until(() => lab.backends[0].lines[0]?.text !== undefined && lab.backends[0].lines[0].text !== '', 'a check');
    lab.clock.advance(4_999);
    await turns();
    assert.equal(lab.backends[0].lines.length, 1);
    assert.equal(status(lab), 'Init Ok');
    lab.clock.advance(1);
    assert.equal(status(lab), 'Init HcFl');
    assert.equal(checkup(lab).results[0].cause, 'no answer in time');
  });

  it('to CPING may take ping=, else connectiontimeout=, else timeout=', async () => {
    await using lab = await Lab.open(
      balancer('hcmethod=CPING hcinterval=1 ping=200ms connectiontimeout=3 timeout=9', 'ajp://127.0.0.1:@1'),
    );
    lab.clock.advance(1_000);
    await until(() => lab.backends[0].lines[0]?.text !== undefined && lab.backends[0].lines[0].text !== '', 'a check');
    lab.clock.advance(200);
    assert.equal(status(lab), 'Init HcFl');
  });

  it('of a name that has no address fails', async () => {
    await using lab = await Lab.open(balancer('hcmethod=TCP', 'http://no.such.name.invalid:1'));
    lab.clock.advance(30_000);
    const { results } = checkup(lab);
    await until(() => results.length > 0, 'a verdict');
    assert.equal(results[0].hasPassed, false);
    assert.equal(status(lab), 'Init HcFl');
  });
});

describe('the count', () => {
  it('of hcfails goes on over checks that pass, as in httpd', async () => {
    await using lab = await Lab.open(balancer('hcmethod=GET hcfails=3 hcinterval=10'));
    const seen: string[] = [];
    for (const isGood of [false, true, false, true, false]) {
      await check(lab, isGood ? OK : 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n', 10_000);
      const { state } = lab.members[0].member;
      seen.push(`${state.checksFailed} ${status(lab)}`);
    }
    assert.deepEqual(seen, ['1 Init Ok', '1 Init Ok', '2 Init Ok', '2 Init Ok', '0 Init HcFl']);
  });

  it('of hcpasses goes on over checks that fail, and ends the error of requests too', async () => {
    await using lab = await Lab.open(balancer('hcmethod=GET hcpasses=3 hcinterval=10 retry=300'));
    const [{ member }] = lab.members;
    [...lab.site.balancers][0].balancer.failed(member, 'unavailable');
    const seen: string[] = [];
    for (const isGood of [true, false, true, true]) {
      await check(lab, isGood ? OK : 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n', 10_000);
      seen.push(`${member.state.checksPassed} ${status(lab)}`);
    }
    assert.deepEqual(seen, ['1 Init Err', '1 Init Err', '2 Init Err', '0 Init Ok']);
  });

  it('is told in events: what was found, how often, and when it takes effect', async () => {
    await using lab = await Lab.open(balancer('hcmethod=GET hcfails=2'));
    const bad = 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n';
    for (const answer of [OK, bad, bad, bad, OK]) await check(lab, answer);
    assert.deepEqual(
      lab.log.events
        .filter(({ event }) => event.startsWith('member-'))
        .map(({ level, event, fields }) =>
          `${level} ${event} ${fields.cause ?? ''} ${fields.fails ?? fields.passes ?? ''}`.trim(),
        ),
      [
        'debug member-check-passed status 200',
        'warn member-check-failed status 500 1 of 2',
        'warn member-check-failed status 500 2 of 2',
        'warn member-unhealthy',
        'debug member-check-failed status 500',
        'info member-check-passed status 200 1 of 1',
        'info member-healthy',
      ],
    );
  });

  it('and the last ten results are kept for pages', async () => {
    await using lab = await Lab.open(balancer('hcmethod=TCP'));
    for (let i = 0; i < 12; i++) await check(lab, '');
    const { results } = checkup(lab);
    assert.equal(results.length, 10);
    assert.equal(results[9].at, lab.clock.wall());
  });
});

describe('the time', () => {
  it('of the first check is hcinterval= after the start, of each other after the answer before', async () => {
    await using lab = await Lab.open(balancer('hcmethod=GET hcinterval=500ms timeout=60'));
    const [backend] = lab.backends;
    lab.clock.advance(499);
    await turns();
    assert.equal(backend.lines.length, 0);
    lab.clock.advance(1);
    await until(() => backend.lines.length === 1 && backend.lines[0].text !== '', 'the first');
    lab.clock.advance(20_000);
    backend.lines[0].send(OK);
    await until(() => checkup(lab).results.length === 1, 'its verdict');
    lab.clock.advance(499);
    await turns();
    assert.equal(backend.lines.length, 1);
    lab.clock.advance(1);
    await until(() => backend.lines.length === 2, 'the second');
  });

  it('goes on over a reload with the same parameters, and counts stay', async () => {
    const conf = balancer('hcmethod=GET hcfails=2 hcinterval=10');
    await using lab = await Lab.open(conf);
    await check(lab, 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n', 10_000);
    lab.clock.advance(9_000);
    const before = lab.site;
    lab.site = lab.siteOf(lab.load(conf), before);
    lab.frontend.swap(lab.site);
    assert.equal(checkup(lab).results.length, 1);
    assert.equal(lab.members[0].member.state.checksFailed, 1);
    await check(lab, 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n', 1_000);
    assert.equal(status(lab), 'Init HcFl');
  });

  it('goes on over a change at run time, and a member that is stopped is not asked', async () => {
    await using lab = await Lab.open(balancer('hcmethod=GET hcfails=2 hcinterval=10'));
    const [key] = lab.site.snapshot.balancers.keys();
    const [{ member }] = lab.members;
    lab.clock.advance(9_000);
    const routed = withMember(NO_CHANGES, member.config.url, { route: 'r' });
    lab.site.balancers.change(key, routed);
    await check(lab, OK, 1_000);
    lab.site.balancers.change(key, withMember(routed, member.config.url, { flags: { stopped: true } }));
    lab.clock.advance(30_000);
    await turns();
    assert.equal(lab.backends[0].lines.length, 1);
    lab.site.balancers.change(key, routed);
    await check(lab, OK, 10_000);
  });

  it('ends with the site: a check under way is dropped, no other begins', async () => {
    await using lab = await Lab.open(balancer('hcmethod=GET hcinterval=10'));
    const [backend] = lab.backends;
    lab.clock.advance(10_000);
    await until(() => backend.lines.length === 1 && backend.lines[0].text !== '', 'a check');
    const checks = checkup(lab);
    lab.site.retire();
    await until(() => backend.lines[0].hasEnded || backend.lines[0].isClosed, 'its connection is closed');
    lab.clock.advance(100_000);
    await turns();
    assert.equal(backend.lines.length, 1);
    assert.equal(checks.results.length, 0);
  });
});

describe('a member in two balancers', () => {
  it('is checked by each, for each', async () => {
    await using lab = await Lab.open(
      `${balancer('hcmethod=TCP')}\n<Proxy balancer://d>\nBalancerMember http://127.0.0.1:@1 hcmethod=TCP\n</Proxy>`,
    );
    lab.clock.advance(30_000);
    await until(() => lab.backends[0].lines.length === 2, 'two checks');
  });
});

describe('ProxyHCTemplate', () => {
  it('gives what stands in it, and the member may overrule it', async () => {
    // ProxyHCTemplate, hctemplate
    await using lab = await Lab.open(
      balancer(
        'hctemplate=t hcuri=/b',
        undefined,
        'ProxyHCTemplate t hcmethod=GET hcuri=/a hcinterval=2\nProxyHCTPsize 4',
      ),
    );
    assert.match(await check(lab, OK, 2_000), /^GET \/b /);
  });
});

// ProxyHCExpr, hcexpr
describe('an expression', () => {
  const ANSWER = 'HTTP/1.1 503 Down\r\nX-State: resting\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello';
  for (const [text, passes] of [
    ["resp('X-State') == 'resting'", true],
    ["%{HTTP:X-State} == 'resting'", false],
    ['%{REQUEST_STATUS} =~ /^50[23]/', true],
    ['%{REQUEST_STATUS} -lt 500', false],
    ["hc('body') =~ /^hel/", true],
    ["hc('body') !~ /^hel/", false],
    ["%{HC_BODY} == 'hello'", true],
    ["hc('other') == ''", true],
    ["%{CONTENT_TYPE} == 'text/plain' && %{REQUEST_METHOD} == 'GET'", true],
    ["file('/etc/hosts') != ''", false],
    ["-f '/etc/hosts'", false],
  ] as const)
    it(`${text} ${passes ? 'passes' : 'fails'} whatever the status`, async () => {
      await using lab = await Lab.open(balancer('hcmethod=GET hcexpr=e', undefined, `ProxyHCExpr e {${text}}`));
      await check(lab, ANSWER);
      assert.equal(status(lab), passes ? 'Init Ok' : 'Init HcFl');
    });
});
