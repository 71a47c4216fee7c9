// Corners of the balancer-manager that few configurations and fewer clients reach, beside a live httpd: names and URLs
// of all sorts, ways to address the server, bodies and fields of all sorts, access rules, error documents.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchOnce, headerOf, type RequestText } from '../support/client.ts';
import { Front, UNDER_TEST } from '../support/front.ts';
import { comparable, difference } from '../support/manager-pages.ts';
import { needs } from '../support/peers.ts';

type Step = RequestText & { readonly referer?: string | null };

const OWN = 'http://www.example.test/bm';
const get = (query: string, more: Step = {}): Step => ({ path: `/bm${query}`, ...more });
const post = (body: string, more: Step = {}): Step => ({ path: '/bm', method: 'POST', body, ...more });

const CONF = `LoadModule auth_basic_module /usr/lib/apache2/modules/mod_auth_basic.so
LoadModule authn_file_module /usr/lib/apache2/modules/mod_authn_file.so
<Proxy balancer://Mixed.Case-1_x>
BalancerMember http://[::1]:18999 route=six
BalancerMember https://Example.TEST:8443/A%20b/ "route=a b" redirect=?&=#
BalancerMember ajp://h.test:8009/ctx
BalancerMember http://user.test:80/ route=%41
ProxySet nonce=AbC growth=3 stickysession=A|b
</Proxy>
<Proxy balancer://two>
BalancerMember ws://w.test/chat
BalancerMember http://h.test/ route=2
ProxySet nonce=two
</Proxy>
ProxyPass /x balancer://Mixed.Case-1_x/
ProxyPass /y balancer://two
<Location /bm>
SetHandler balancer-manager
</Location>
<Location /locked>
SetHandler balancer-manager
AuthType Basic
AuthName ops
AuthUserFile @DIR@/users
Require user op
</Location>
<Location /old>
SetHandler balancer-manager
Order deny,allow
Deny from all
Allow from 10.0.0.0/8
</Location>
<Location /post-only>
SetHandler balancer-manager
<Limit POST>
Require all denied
</Limit>
</Location>
<Location /env>
SetHandler balancer-manager
SetEnvIf X-Key ^open$ key
Require env key
</Location>
ErrorDocument 404 /bm
ErrorDocument 403 /bm/sub?b=two
<VirtualHost *:*>
ServerName main.test
</VirtualHost>
<VirtualHost *:*>
ServerName www.example.test
ServerAlias [::1] *.alias.test 127.0.0.1
</VirtualHost>
<VirtualHost *:*>
ServerName named.test:8443
UseCanonicalName On
</VirtualHost>
<VirtualHost *:*>
ServerName https://secure.test
UseCanonicalName On
</VirtualHost>
<VirtualHost *:*>
ServerName own.test
<Proxy balancer://third>
BalancerMember http://t.test route=t
ProxySet nonce=three
</Proxy>
ProxyPass /third balancer://third/
</VirtualHost>
<VirtualHost *:*>
ServerName off.test
BalancerInherit Off
<Proxy balancer://fourth>
BalancerMember http://f.test
</Proxy>
ProxyPass /fourth balancer://fourth/
</VirtualHost>
`;

const NAME = 'Mixed.Case-1_x';
const SIX = 'http://[::1]:18999';
const change = (parameters: string) => post(`b=${NAME.toLowerCase()}&nonce=AbC&w=${SIX}&${parameters}`);

const STEPS: readonly Step[] = [
  // Names and URLs.
  ...[NAME, NAME.toLowerCase(), NAME.toUpperCase(), 'two', 'TWO', 'balancer://two', ''].map((b) => get(`?b=${b}`)),
  ...[SIX, 'http://[::1]:18999/', 'http://[0:0:0:0:0:0:0:1]:18999', '[::1]', 'http://[::1'].map((w) =>
    get(`?b=${NAME}&w=${w}`),
  ),
  ...[
    'https://example.test:8443/A%20b/',
    'https://example.test:8443/A%2520b/',
    'https://example.test:8443/A%252520b/',
    'https://EXAMPLE.test:8443/A%2520b/',
    'ajp://h.test/ctx?x=1',
    'ajp://h.test/ctx',
    'http://user.test',
    'http://user.test/',
    'http://user.test/deeper/still?x',
  ].map((w) => get(`?b=${NAME}&w=${w}`)),
  ...['ws://w.test/chat', 'http://h.test', 'http://h.test/'].map((w) => get(`?b=two&w=${w}`)),
  // Tokens.
  ...['abc', 'ABC', 'AbC ', 'AbC%00x', 'AbC+', '%41bC', '%2541bC', ''].map((nonce) =>
    post(`b=${NAME}&nonce=${nonce}&w=${SIX}&w_lf=7`),
  ),
  change('w_lf=2'),
  post(`b=${NAME}&nonce=AbC&w=${SIX}&w_lf=3`),
  post(`b=${NAME}&b=two&nonce=two&w=http://h.test/&w_lf=4`),
  post(`b=two&nonce=AbC&nonce=two&w=http://h.test/&w_lf=5`),
  // How the server is addressed, and what the Referer says.
  ...[
    'http://[::1]/bm',
    'http://[::1]:18000/bm',
    'http://[0:0:0:0:0:0:0:1]/bm',
    'https://[::1]:1/',
    'http://::1/',
    'http://[::2]/',
  ].map((referer) => get('?xml=1', { host: '[::1]:18000', referer })),
  ...['http://x.alias.test/', 'http://www.example.test/'].map((referer) =>
    get('?xml=1', { host: 'x.alias.test', referer }),
  ),
  ...['http://www.example.test./', 'http://www.example.test/'].map((referer) =>
    get('?xml=1', { host: 'www.example.test.', referer }),
  ),
  ...['http://127.0.0.1:9/', 'http://localhost/'].map((referer) => get('?xml=1', { host: '127.0.0.1:9', referer })),
  ...['http://named.test/', 'http://named.test:8443/', 'https://named.test:1/'].map((referer) =>
    get('?xml=1', { host: 'named.test:1234', referer }),
  ),
  ...['http://secure.test/', 'https://secure.test/'].map((referer) => get('?b=two', { host: 'secure.test', referer })),
  get('?xml=1', { host: null, version: '1.0', referer: 'http://main.test/' }),
  get('?b=two', { host: null, version: '1.0', referer: 'http://main.test/' }),
  get('?b=two', { host: 'nobody.test', referer: 'http://nobody.test/' }),
  get('?b=two', { host: 'nobody.test', referer: 'http://main.test/' }),
  get('?b=two', { path: 'http://main.test/bm?b=two', host: 'other.test', referer: 'http://main.test/' }),
  ...[
    'HTTP://www.example.test/',
    'http:www.example.test/',
    'http:/www.example.test/',
    ' http://www.example.test/',
    'about:blank',
    'null',
    'http://@www.example.test/',
    'http://www.example.test:/',
    'http://www.example.test:99999/',
    'http://www.example.test?x',
    'http://www.example.test#x',
    'http://www.example.test\\@evil.test/',
    'http://evil.test@www.example.test/',
    'http://www.example.test@evil.test/',
    'http://www.example.test/\xe9',
  ].map((referer) => get('?xml=1', { referer })),
  get('?xml=1', {
    referer: null,
    headers: [
      ['Referer', OWN],
      ['Referer', 'http://evil.test/'],
    ],
  }),
  get('?xml=1', {
    referer: null,
    headers: [
      ['Referer', 'http://evil.test/'],
      ['Referer', OWN],
    ],
  }),
  // Hosts with balancers of their own.
  ...['own.test', 'off.test'].flatMap((host) => [
    get('', { host }),
    get('?b=two', { host, referer: `http://${host}/` }),
    get('?b=third', { host, referer: `http://${host}/` }),
    post('b=two&nonce=two&w=http://h.test/&w_lf=6', { host, referer: `http://${host}/` }),
    post('b=third&nonce=three&w=http://t.test&w_wr=q', { host, referer: `http://${host}/` }),
  ]),
  get(''),
  // Bodies and fields.
  // httpd reads what the first chunk has.
  post('', { chunked: [`b=${NAME}&nonce=AbC&w=${SIX}&w_lf=8`] }),
  change('w_wr=%ff%fe'),
  change('w_wr=%E2%82%AC'),
  change('w_wr=a%0d%0aX-Y:%20z'),
  get(`?b=${NAME}&w=${SIX}`),
  get('?xml=1'),
  change('w_wr=six;x=1&w_lf=9'),
  change('&&&==&w_lf=10&=x'),
  post(`b=${NAME}&nonce=AbC&w=${SIX}&w_lf=11`, { path: '/bm?b=two&w_lf=12' }),
  post(`b=${NAME}&nonce=AbC&w=${SIX}&w_lf=12`, { headers: [['Content-Type', 'multipart/form-data; boundary=x']] }),
  post(`b=${NAME}&nonce=AbC&w=${SIX}&w_lf=13`, { headers: [['Expect', '100-continue']] }),
  get('', { headers: [['Range', 'bytes=0-99']] }),
  get('', { headers: [['If-None-Match', '*']] }),
  get('', { headers: [['If-Modified-Since', 'Sat, 21 Nov 2037 16:47:43 GMT']] }),
  get('', {
    headers: [
      ['Accept', 'application/json'],
      ['Accept-Encoding', 'gzip'],
    ],
  }),
  get(`?${'x'.repeat(7000)}&b=two`),
  get(`?${'b=two&'.repeat(900)}`),
  ...['/bm/', '/bm//', '/bm/%41', '/bm/..;/x', '/bm;x=1', '/bm/a/../b', '/BM', '/bmx', '/bm%2f'].map((path) =>
    get('', { path }),
  ),
  ...['OPTIONS', 'PATCH', 'PROPFIND', 'get', 'FOO'].map((method) => get('', { method })),
  // Who may enter.
  get('', { path: '/locked' }),
  get('', { path: '/locked', headers: [['Authorization', `Basic ${btoa('op:wrong')}`]] }),
  get('?b=two', { path: '/locked?b=two', headers: [['Authorization', `Basic ${btoa('op:secret')}`]] }),
  post('b=two&nonce=two&w=http://h.test/&w_lf=14', {
    path: '/locked',
    headers: [['Authorization', `Basic ${btoa('op:secret')}`]],
  }),
  post('b=two&nonce=two&w=http://h.test/&w_lf=15', { path: '/locked' }),
  get('', { path: '/old' }),
  get('', { path: '/post-only' }),
  post('b=two&nonce=two&w=http://h.test/&w_lf=16', { path: '/post-only' }),
  get('', { path: '/env' }),
  get('', { path: '/env', headers: [['X-Key', 'open']] }),
  get(''),
  // The page of an error.
  get('', { path: '/nothing' }),
  get('?b=two', { path: '/nothing?b=two' }),
  post('b=two&nonce=two&w=http://h.test/&w_lf=17', { path: '/nothing' }),
  get('?xml=1'),
];

async function play({ referer = OWN, headers = [], ...request }: Step, front: Front): Promise<string> {
  const answer = await fetchOnce(front.port, {
    ...request,
    headers: [...headers, ...(referer === null ? [] : ([['Referer', referer]] as const))],
  });
  const isPage = answer.body.includes('Balancer Manager') || answer.body.includes('httpd:manager');
  const head = `${answer.status} ${headerOf(answer, 'www-authenticate') ?? ''}`;
  // Error pages are worded otherwise.
  if (!isPage) return head;
  return comparable(`${head} ${headerOf(answer, 'content-type')}\n${answer.body.toString('latin1')}`);
}

test('corners of the balancer-manager are as httpd’s', needs('httpd'), async () => {
  // `secret`
  const files = { users: 'op:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n' };
  await using ours = await Front.start(UNDER_TEST, { conf: CONF, files });
  await using theirs = await Front.start('httpd', { conf: CONF, files });
  for (const step of STEPS) {
    const [one, other] = await Promise.all([play(step, ours), play(step, theirs)]);
    assert.equal(difference(one, other), undefined, JSON.stringify(step));
  }
});
