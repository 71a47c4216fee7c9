// Random options of mod_jk and random requests under them: what a Tomcat is sent by two fronts, octet by octet, and what
// their clients get. Left out: what differs by nature (ports of client and front, Date, Server), the length of nothing in
// an answer to HEAD, which httpd's core leaves out, and what docs/reference/differences.md lists (Accept-Encoding,
// Accept-Charset and Accept-Language, whose codes mod_jk does not use; slashes that stay encoded).

import { fetchOnce, type RequestText } from './client.ts';
import type { FakeBackends } from './fake-backends.ts';
import type { FrontKind } from './front.ts';
import { JkSide, type JkTexts } from './jk.ts';
import type { Random } from './random.ts';

export interface RequestDifference {
  readonly options: string;
  readonly request: RequestText;
  readonly first: string;
  readonly second: string;
}

const FIELDS: readonly (readonly [string, string])[] = [
  ['Accept', 'a'],
  ['accept', 'b'],
  ['Authorization', 'Basic eDp5'],
  ['Cookie', 'a=1'],
  ['Cookie', 'b=2'],
  ['Cookie2', 'x'],
  ['Connection', 'X-One, keep-alive'],
  ['X-One', '1'],
  ['Keep-Alive', 'timeout=5'],
  ['Pragma', 'no-cache'],
  ['Referer', 'http://a.test/'],
  ['User-Agent', 't'],
  ['TE', 'trailers'],
  ['Trailer', 'X-T'],
  ['Upgrade', 'h2c'],
  ['Proxy-Connection', 'keep-alive'],
  ['Proxy-Authorization', 'Basic eDp5'],
  ['X-Forwarded-For', '1.2.3.4'],
  ['X-Forwarded-For', '5.6.7.8'],
  ['Via', '1.0 up'],
  ['Max-Forwards', '7'],
  ['X-Empty', ''],
  ['X-High', 'caf\xe9'],
  ['X-Client', '203.0.113.9'],
  ['X-Route', 'other'],
  ['X-Own', 'own'],
];
const METHODS = [
  ...'GET GET GET GET HEAD POST POST PUT DELETE OPTIONS PATCH PROPFIND ACL MKACTIVITY REPORT SEARCH MERGE'.split(' '),
  ...'LABEL UPDATE CHECKIN CHECKOUT UNCHECKOUT VERSION-CONTROL BASELINE-CONTROL MKWORKSPACE LOCK UNLOCK FOO get'.split(
    ' ',
  ),
];
const PATHS = [
  ...'/p /p/ /a%20b /a//x /z/../y /caf%C3%A9 /a%3Bb /a;b=c /a;b=c/d;e /a%25b /a+b /~u /a%7Eb /%2e%2e/x/q /a%3Fb'.split(
    ' ',
  ),
  ...'/$-_.+!*(),:@&=~ /a%23b /a%5Bb /%C3 /a%22b /a%3Cb%3E /a%5Cb /a%7Cb /./b /a%2fb /a%26b'.split(' '),
];
const QUERIES = ['', '', '', '?', '?q=1', '?q=%20&r=a+b', '??', '?a;b', '?caf%C3%A9'];
const HOSTS = [undefined, undefined, 'www.example.test:8443', 'foo.test', 'FOO.Test:80', '[::1]:81', '127.0.0.1'];
const ANSWERS = [
  ...['', '', '', '', 'do:status:404', 'do:status:500/do:nobody', 'do:status:304', 'do:status:204', 'do:nobody'],
  ...['do:big:10', 'do:big:9000', 'do:big:30000', 'do:nocl/do:big:5', 'do:nocl/do:big:20000', 'do:status:399'],
  ...['do:status:777', 'do:status:401', 'do:status:503', 'do:reuse0'],
];
const ANSWER_FIELDS = [
  'rh=X-Foo:1',
  'rh=Date:Thu,%2001%20Jan%201970%2000:00:00%20GMT',
  'rh=Server:inner',
  'rh=Set-Cookie:a%3D1;Path%3D/be',
  'rh=Location:http://be.test/x',
  'rh=WWW-Authenticate:Basic%20realm%3Dx',
  'rh=X-Same:1&rh=X-Same:2',
  'rh=Content-Language:en',
  'rh=Last-Modified:Thu,%2001%20Jan%201970%2000:00:00%20GMT',
  'rh=ETag:%22x%22',
];

function some<T>(random: Random, from: readonly T[], most: number): T[] {
  return Array.from({ length: random.int(most + 1) }, () => random.pick(from));
}

/** Half of the time one of these lines. */
function perhaps(random: Random, ...lines: string[]): string[] {
  return random.chance(0.5) ? [] : [random.pick(lines)];
}

const INDICATORS =
  'JK_REMOTE_ADDR 9.9.9.9,JK_REMOTE_PORT 99,JK_REMOTE_HOST rhost,JK_REMOTE_USER ruser,JK_AUTH_TYPE Basic,' +
  'JK_LOCAL_NAME lname,JK_LOCAL_ADDR 8.8.8.8,JK_LOCAL_PORT 77,JK_LOCAL_PORT x,HTTPS on,SSL_CIPHER c,' +
  'SSL_CIPHER_USEKEYSIZE 128,SSL_PROTOCOL TLSv9,SSL_SESSION_ID s,SSL_CLIENT_CERT PEM,SSL_CLIENT_CERT_CHAIN_0 MORE,' +
  'JK_ROUTE forced,FOO bar';
const OPTIONS = [
  ...'ForwardURIProxy ForwardURICompat ForwardURICompatUnparsed ForwardURIEscaped'.split(' '),
  ...'ForwardLocalAddress ForwardPhysicalAddress FlushPackets FlushHeader DisableReuse ForwardSSLCertChain'.split(' '),
];
const ENV_VARS = 'FOO,NOPE,DEF dflt,HTTP_X_OWN,HTTP_AUTHORIZATION,REMOTE_ADDR,SERVER_PORT,SERVER_NAME,REQUEST_SCHEME';

function randomOptions(random: Random): JkTexts {
  const conf = [
    'JkMount /x/* lb',
    'JkMount /w/* w',
    'JkMount /e/* w;use_server_errors=400',
    'JkMount /d/* w',
    ...some(random, OPTIONS, 3).map((option) => `JkOptions +${option}`),
    ...perhaps(random, 'JkOptions -ForwardKeySize'),
    ...perhaps(random, 'JkExtractSSL Off', 'JkExtractSSL On'),
    ...perhaps(random, 'UseCanonicalName On', 'UseCanonicalName Off'),
    ...perhaps(random, 'ServerName own.test', 'ServerName own.test:8081', 'ServerName https://own.test'),
    ...perhaps(random, 'AllowEncodedSlashes On'),
    ...perhaps(
      random,
      'LoadModule remoteip_module /usr/lib/apache2/modules/mod_remoteip.so\nRemoteIPHeader X-Client\nRemoteIPInternalProxy 127.0.0.1',
    ),
    ...some(random, INDICATORS.split(','), 4).map((variable) => `SetEnv ${variable}`),
    ...perhaps(random, 'SetEnvIf X-Route "(.+)" JK_ROUTE=$1'),
    ...some(random, ENV_VARS.split(','), 4).map((variable) => `JkEnvVar ${variable}`),
    ...perhaps(random, 'RequestHeader set X-Own "set"\nRequestHeader unset X-One'),
  ];
  const workers = [
    'worker.list=lb,w',
    'worker.lb.type=lb',
    'worker.lb.balance_workers=m',
    'worker.m.type=ajp13',
    'worker.m.host=127.0.0.1',
    'worker.m.port=@a@',
    'worker.w.host=127.0.0.1',
    'worker.w.port=@b@',
    ...perhaps(random, 'worker.m.route=r1', 'worker.m.secret=s1'),
    ...perhaps(random, 'worker.w.secret=s2'),
    ...perhaps(random, 'worker.lb.set_session_cookie=1', 'worker.lb.secret=s3'),
    ...perhaps(random, 'worker.m.max_packet_size=16384'),
  ];
  return { workers: `${workers.join('\n')}\n`, conf: `${conf.join('\n')}\n` };
}

function randomRequest(random: Random): RequestText {
  const method = random.pick(METHODS);
  const version = random.chance(0.1) ? 'HTTP/1.0' : 'HTTP/1.1';
  const answer = random.pick(ANSWERS);
  const fields = [...random.pick(QUERIES).split('&'), ...new Set(some(random, ANSWER_FIELDS, 2))].filter(
    (part) => part !== '',
  );
  const query = fields.length === 0 ? '' : `${fields[0].startsWith('?') ? '' : '?'}${fields.join('&')}`;
  const path = `/${random.pick(['x', 'x', 'w', 'w', 'e', 'd'])}${answer === '' ? '' : `/${answer}`}${random.pick(PATHS)}${query}`;
  const headers: (readonly [string, string])[] = [['Connection', 'close'], ...some(random, FIELDS, 8)];
  if (random.chance(0.2)) headers.push(['Cookie', `JSESSIONID=1.${random.pick(['m', 'r1', 'other', ''])}`]);
  if (random.chance(0.03)) headers.push(['X-Big', 'z'.repeat(7000 + random.int(1300))]);
  const host = random.pick(HOSTS);
  const body = 'POST PUT PATCH FOO'.split(' ').includes(method) ? randomBody(random, version) : {};
  return { method, path, version, headers, ...(host === undefined ? {} : { host }), ...body };
}

function randomBody(random: Random, version: string): Partial<RequestText> {
  const size = random.pick([0, 0, 1, 100, 8186, 8187, 20000]);
  if (version === 'HTTP/1.0' || random.chance(0.6)) return { body: 'b'.repeat(size) };
  return { chunked: size === 0 ? [] : ['c'.repeat(size)] };
}

/** Asks two fronts the same. @returns the first difference, and the answers up to there */
export async function compareRequests(
  random: Random,
  kinds: readonly [FrontKind, FrontKind],
  questions: number,
): Promise<{ difference: RequestDifference | undefined; answers: string[] }> {
  const texts = randomOptions(random);
  await using one = await JkSide.start(kinds[0], texts);
  await using other = await JkSide.start(kinds[1], texts);
  const answers: string[] = [];
  for (let at = 0; at < questions; at++) {
    const request = randomRequest(random);
    const first = await ask(one, request);
    const second = await ask(other, request);
    if (first !== second)
      return { difference: { options: `${texts.workers}\n${texts.conf}`, request, first, second }, answers };
    answers.push(first);
  }
  return { difference: undefined, answers };
}

const ANSWER_LIMIT_MS = 10_000;
/** Ours differ from those of any server, and from one answer to the next. */
const VOLATILE = /^(?:date|server|connection|keep-alive)$/;
/** What AJP_REMOTE_PORT says, between the name and the end of the text. */
const REMOTE_PORT = /(AJP_REMOTE_PORT\0..)\d{5}\0/gs;

async function ask({ front, backends }: JkSide, request: RequestText): Promise<string> {
  const packets: string[] = [];
  backends.clear();
  backends.forwarded = (payload) => packets.push(payload.toString('latin1').replace(REMOTE_PORT, '$1PORT'));
  const answer = await fetchOnce(front.port, request, ANSWER_LIMIT_MS);
  const isTomcats = answer.headers.some(([name]) => name === 'X-Member');
  // A member's page tells in which pieces a body came, which is a matter of how it came from the client.
  const tellsSize = request.body === undefined && request.chunked === undefined;
  const fields = answer.headers
    .filter(([name]) => !VOLATILE.test(name.toLowerCase()))
    .filter(([name]) => isTomcats || !/^content-(?:length|type)$/i.test(name))
    .filter(([name]) => tellsSize || name.toLowerCase() !== 'content-length')
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    // httpd leaves it out.
    .filter((line) => request.method !== 'HEAD' || line !== 'content-length: 0')
    .sort();
  const body = isTomcats && tellsSize ? ` ${answer.body.length} octets` : '';
  const texts = packets.map((packet) => JSON.stringify(packet));
  const status = answer.timedOut ? 'no answer' : `${answer.status}${isTomcats ? ` ${answer.reason}` : ''}`;
  return `${status}${body}\n${fields.join('\n')}\n-- sent --\n${texts.join('\n')}\n${bodies(backends)}`;
}

function bodies(backends: FakeBackends): string {
  return (['a', 'b'] as const)
    .flatMap((member) => backends.state(member).log)
    .map(({ body_len, body_sha1 }) => `${body_len} ${body_sha1}`)
    .join('\n');
}
