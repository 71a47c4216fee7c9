// Health checks beside a live httpd: the same members, each in a balancer of its own, are asked the same questions and
// are in service or out of it after the same answers.

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { fetchOnce } from '../support/client.ts';
import { Front, type FrontKind, UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { until } from '../support/port.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
const BAD = 'HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno';
const PONG = 'AB\0\u0001\u0009';

interface Case {
  title: string;
  /** URL behind the port, and parameters. */
  member: string;
  scheme?: 'ajp' | 'http';
  /** Answers to the checks in their order; the last one repeats. Requests of clients are answered 200. */
  answers: readonly string[];
  /** Checks after which is looked. */
  checks: number;
}

const CASES: readonly Case[] = [
  { title: 'GET with a path', member: '/app hcmethod=GET hcuri=/h?x=1', answers: [OK], checks: 1 },
  { title: 'GET11 of the member alone', member: '/app/ hcmethod=GET11', answers: [OK], checks: 1 },
  { title: 'HEAD', member: ' hcmethod=HEAD hcuri=/h', answers: ['HTTP/1.1 204 No\r\n\r\n'], checks: 1 },
  { title: 'HEAD11', member: '/a hcmethod=head11 hcuri=h', answers: ['HTTP/1.1 302 Found\r\n\r\n'], checks: 1 },
  { title: 'OPTIONS', member: ' hcmethod=OPTIONS hcuri=/h', answers: [OK], checks: 1 },
  { title: 'OPTIONS11', member: '/app hcmethod=OPTIONS11', answers: [BAD], checks: 2 },
  { title: 'CPING', member: ' hcmethod=CPING', scheme: 'ajp', answers: [PONG], checks: 1 },
  { title: 'CPING answered badly', member: ' hcmethod=CPING', scheme: 'ajp', answers: ['AB\0\u0001\u0005'], checks: 2 },
  {
    title: '404',
    member: ' hcmethod=GET hcuri=/h',
    answers: ['HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n'],
    checks: 2,
  },
  {
    title: '399',
    member: ' hcmethod=GET hcuri=/h',
    answers: ['HTTP/1.1 399 Odd\r\nContent-Length: 0\r\n\r\n'],
    checks: 2,
  },
  { title: 'garbage', member: ' hcmethod=GET hcuri=/h', answers: ['hello there friend\r\n\r\n'], checks: 2 },
  {
    title: 'hcfails over passes',
    member: ' hcmethod=GET hcuri=/h hcfails=3',
    answers: [BAD, OK, BAD, OK, BAD, BAD],
    checks: 5,
  },
  { title: 'hcfails not reached', member: ' hcmethod=GET hcuri=/h hcfails=3', answers: [BAD, OK, BAD, OK], checks: 6 },
  { title: 'hcpasses over fails', member: ' hcmethod=GET hcuri=/h hcpasses=2', answers: [BAD, OK, BAD, OK], checks: 4 },
  {
    title: 'hcpasses not reached',
    member: ' hcmethod=GET hcuri=/h hcpasses=3',
    answers: [BAD, OK, OK, BAD],
    checks: 5,
  },
  {
    title: 'hcexpr on a field',
    member: ' hcmethod=GET hcuri=/h hcexpr=field',
    answers: ['HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 0\r\n\r\n'],
    checks: 2,
  },
  { title: 'hcexpr on a request field', member: ' hcmethod=GET hcuri=/h hcexpr=request', answers: [OK], checks: 2 },
  { title: 'hcexpr on the body', member: ' hcmethod=GET hcuri=/h hcexpr=body', answers: [BAD], checks: 2 },
  { title: 'hcexpr on the body of HEAD', member: ' hcmethod=HEAD hcuri=/h hcexpr=body', answers: [OK], checks: 2 },
  { title: 'hcexpr on the status', member: ' hcmethod=GET hcuri=/h hcexpr=status', answers: [BAD], checks: 2 },
  { title: 'status=+C ends with a pass', member: ' hcmethod=GET hcuri=/h status=+C', answers: [OK], checks: 1 },
];

/** Silent members keep a thread of httpd's each. */
const EXPRESSIONS = `ProxyHCTPsize 64
ProxyHCExpr field {resp('X-A') == 'b'}
ProxyHCExpr request {%{HTTP:Content-Length} == '2'}
ProxyHCExpr body {hc('body') =~ /no/}
ProxyHCExpr status {%{REQUEST_STATUS} =~ /^5/}
`;

/** Answers as many checks as told and is silent to the next, and answers requests of clients with 200. */
class ScriptedMember {
  readonly questions: string[] = [];
  readonly server: Server;
  constructor({ answers, checks }: Case) {
    this.server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      socket.on('end', () => socket.end());
      socket.on('data', (bytes) => {
        const text = bytes.toString('latin1');
        if (/^\S+ \S*\/client /.test(text) || text.startsWith('\x124') === text.length > 5) {
          socket.end(text.startsWith('\x124') ? AJP_ANSWER : OK, 'latin1');
          return;
        }
        this.questions.push(text);
        if (this.questions.length > checks) return;
        socket.end(answers[Math.min(this.questions.length, answers.length) - 1], 'latin1');
      });
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as { port: number }).port;
  }
}

/** SEND_HEADERS 200 and END_RESPONSE. */
const AJP_ANSWER = 'AB\0\u0009\u0004\0\u00c8\0\u0002OK\0\0\0AB\0\u0002\u0005\u0001';

/** @returns for each case the first question, the port taken out, and whether the member was in service after the checks */
async function play(kind: FrontKind): Promise<string[]> {
  const members = CASES.map((one) => new ScriptedMember(one));
  const ports = await Promise.all(members.map((member) => member.listen()));
  const conf = `${EXPRESSIONS}${CASES.map(
    ({ member, scheme = 'http' }, i) =>
      `<Proxy balancer://c${i}>\nBalancerMember ${scheme}://127.0.0.1:${ports[i]}${member} hcinterval=300ms retry=0\n</Proxy>\nProxyPass /c${i}/ balancer://c${i}/\n`,
  ).join('')}`;
  for (const { server } of members) server.unref();
  await using front = await Front.start(kind, { conf });
  const seen = await Promise.all(
    CASES.map(async ({ checks }, i) => {
      const member = members[i];
      // The next question comes after the verdict.
      assert.ok(await until(() => member.questions.length > checks, 30_000), `${CASES[i].title}: too few checks`);
      const { status } = await fetchOnce(front.port, { method: 'GET', path: `/c${i}/client`, headers: [] }, 10_000);
      return `${member.questions[0].replace(`:${ports[i]}`, ':PORT')} ${status === 503 ? 'out' : 'in'}`;
    }),
  );
  for (const { server } of members) server.close();
  return seen;
}

// hcmethod, hcinterval, hcpasses, hcfails, hcuri, hcexpr
test('health checks ask the same questions and judge the answers the same way as httpd', needs('httpd'), async () => {
  const ours = await play(UNDER_TEST);
  const theirs = await play('httpd');
  for (const [i, { title }] of CASES.entries()) assert.equal(ours[i], theirs[i], title);
  assert.ok(theirs.some((one) => one.endsWith('in')) && theirs.some((one) => one.endsWith('out')));
});
