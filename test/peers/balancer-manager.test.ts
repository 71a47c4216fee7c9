// The balancer-manager beside a live httpd: the same configuration, the same requests to the manager, and the same pages,
// XML and distribution of requests afterwards. Pages are compared octet by octet, but for what `comparable` names.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fetchOnce, headerOf } from '../support/client.ts';
import { FakeBackends } from '../support/fake-backends.ts';
import { Front, type FrontKind, UNDER_TEST } from '../support/front.ts';
import { comparable, difference } from '../support/manager-pages.ts';
import { needs } from '../support/peers.ts';
import { chosenSeed, type Random, randomFrom } from '../support/random.ts';

const OWN = 'http://www.example.test/bm';
const RANDOM_EDITS = process.env.CATFLAP_LONG === '1' ? 3000 : 250;

interface Step {
  method?: string;
  path?: string;
  host?: string;
  referer?: string | null;
  headers?: [string, string][];
  body?: string;
}

/** Asks the balancers of the configuration below, so that a distribution shows. */
const ASK: Step = { path: '/x/p' };
const get = (query: string, more: Step = {}): Step => ({ path: `/bm${query}`, ...more });
const post = (body: string, more: Step = {}): Step => ({ method: 'POST', path: '/bm', body, ...more });

function configuration({ ports }: FakeBackends): string {
  const { http, ajp } = ports;
  return `<Proxy balancer://c>
BalancerMember http://127.0.0.1:${http.a} route=a timeout=5 connectiontimeout=3 acquire=1500 keepalive=Off retry=60
BalancerMember ajp://127.0.0.1:${ajp.b} route=b loadfactor=3 flushpackets=auto flushwait=5 ping=2500ms disablereuse=On
BalancerMember http://127.0.0.1:${http.c}/ctx route=c lbset=1 redirect=a iobuffersize=4096
ProxySet growth=2 nonce=n stickysession=S|s scolonpathdelim=On
</Proxy>
<Proxy balancer://one>
BalancerMember http://127.0.0.1:${http.d} loadfactor=7 route="<i>&"
ProxySet nonce=m lbmethod=bybusyness timeout=1 nofailover=On stickysessionsep=!
</Proxy>
<Proxy balancer://closed>
BalancerMember http://127.0.0.1:${http.d} status=+H-R
BalancerMember http://127.0.0.1:${http.c} status=+R
ProxySet nonce=None maxattempts=0
</Proxy>
<Proxy balancer://free>
BalancerMember ajp://127.0.0.1:${ajp.d}
</Proxy>
ProxyHCExpr ok234 {%{REQUEST_STATUS} =~ /^[234]/}
ProxyHCExpr other {%{REQUEST_STATUS} =~ /^[2]/}
ProxyPass /x balancer://c/x
ProxyPass /first balancer://one/a
ProxyPass /second balancer://one/b nofailover=On
ProxyPassMatch ^/m(.*)$ balancer://one/$1
ProxyPass /nodef balancer://nodef/
<Location /free>
ProxyPass balancer://free/
</Location>
<Location /bm>
SetHandler balancer-manager
</Location>
<Location /away>
SetHandler balancer-manager
Require ip 10.0.0.1
</Location>
<VirtualHost *:*>
ServerName v1.test
<Proxy balancer://own>
BalancerMember http://127.0.0.1:${http.b}
ProxySet nonce=o
</Proxy>
ProxyPass /own balancer://own/
BalancerInherit Off
ProxyPassInherit Off
</VirtualHost>
<VirtualHost *:*>
ServerName www.example.test
</VirtualHost>
`;
}

async function play(step: Step, front: Front): Promise<string> {
  const { referer = OWN, headers = [], ...request } = step;
  const answer = await fetchOnce(front.port, {
    ...request,
    headers: [...headers, ...(referer === null ? [] : ([['Referer', referer]] as [string, string][]))],
  });
  const member = headerOf(answer, 'x-member');
  if (member !== undefined) return `member ${member}`;
  // Error pages are worded otherwise.
  if (answer.status !== 200) return `status ${answer.status}`;
  const type = headerOf(answer, 'content-type');
  return comparable(`${answer.status} ${type}\n${answer.body.toString('latin1')}`);
}

const text = (count: number) => 't'.repeat(count);

/** Every parameter with values that are taken, refused, empty or too long, and everything around them. */
function fixedSteps({ ports: { http, ajp } }: FakeBackends): Step[] {
  const a = `http://127.0.0.1:${http.a}`;
  const b = `ajp://127.0.0.1:${ajp.b}`;
  const edit = (parameters: string, url = a) => post(`b=c&w=${url}&nonce=n&${parameters}`);
  const whole = (parameters: string) => post(`b=c&nonce=n&${parameters}`);
  const values = (name: string, list: readonly string[]) => list.map((value) => edit(`${name}=${value}`));
  const asks = Array.from({ length: 6 }, () => ASK);
  return [
    ...['', '?xml=1', '?xml', '?XML=1', '?x%6dl=1', '?xml=1&b=c', '?b=c', '?b=C&nonce=n', '?b=c&nonce=x'].map((q) =>
      get(q),
    ),
    ...['?b=zz', '?b=zz&xml=1', '?w=zz', '?b=c&w=zz', `?b=c&w=${a}`, `?b=c&w=${a}/below`, `?w=${a}`].map((q) => get(q)),
    ...[`?b=c&w=${a}&nonce=n&w_lf=9`, '?b=one', '?b=closed', '?b=nodef', '?b=c%00x', '?b=%2563', '?&&b=c&'].map((q) =>
      get(q),
    ),
    get('/below/it?b=c'),
    get('?b=own&xml=1', { host: 'v1.test', referer: 'http://v1.test/' }),
    get('', { host: 'v1.test' }),
    get('?b=c', { host: 'www.example.test:8080' }),
    get('', { path: '/away' }),
    ...[
      null,
      '',
      'http://WWW.EXAMPLE.test/x',
      'http://other.test/',
      'https://www.example.test:99',
      '//www.example.test/',
    ].map((referer) => get('?xml=1', { referer })),
    ...[
      'www.example.test',
      'ftp://u:p@www.example.test/',
      'http://www.example.test.evil/',
      'http://',
      'http://h:x/',
    ].map((referer) => get('?xml=1', { referer })),
    ...['HEAD', 'PUT', 'DELETE', 'PATCH'].map((method) => get('', { method })),
    ...asks,
    // Changes nobody may make.
    post(`b=c&w=${a}&nonce=wrong&w_lf=9`),
    post(`b=c&w=${a}&w_lf=9`),
    post(`b=c&w=${a}&nonce=n&w_lf=9`, { referer: null }),
    post(`b=c&w=${a}&nonce=n&w_lf=9`, { referer: 'http://evil.test/' }),
    post(`b=closed&w=http://127.0.0.1:${http.d}&nonce=&w_lf=9`),
    post(`b=closed&w=http://127.0.0.1:${http.d}&nonce=None&w_lf=9`),
    post('w_lf=9', { path: `/bm?b=c&w=${a}&nonce=n` }),
    // How a form is read.
    post(`B=c&W=${a}&NONCE=n&W_WR=upper`),
    post(`flag&b=c&w=${a}&nonce=n&w_wr=x&w_wr=y`),
    post(`b=c&w=${a}&nonce=n&w_wr`),
    post(`b=%63&w=${a.replace(':', '%253A')}&nonce=n&w_wr=a%2Bb+c%2520d%zz%`),
    post(`b=c&w=${a}&nonce=n&w_wr=%3Cscript%3Ealert(1)%3C/script%3E`),
    post(`b=c&w=${a}&nonce=n&w_wr=%22onmouseover=%22x`),
    post(`b=c&w=${a}&nonce=n&w_wr=%253Cb%253E%2526%2527`),
    get(`?b=c&w=${a}`),
    get('?xml=1'),
    post(`p=${text(980)}&b=c&w=${a}&nonce=n&w_lf=8`),
    post(`b=c&w=${a}&nonce=n&w_lf=4&p=${text(3000)}`),
    post(`b=c&w=${a}&nonce=n&w_lf=4&xml=1`, { headers: [['Content-Type', 'text/plain']] }),
    post(''),
    ...values('w_lf', [
      '2',
      '0.99',
      '1',
      '100',
      '100.1',
      '0',
      'abc',
      '',
      '2abc',
      '%203',
      '1e1',
      '0x10',
      '1.239',
      '1.15',
      '-5',
      '1e400',
    ]),
    ...asks,
    edit('w_lf=5', b),
    ...asks,
    ...values('w_ls', ['7', '', '7x', '100', '99', '-1', 'x', '0']),
    ...values('w_wr', ['r', '', text(63), text(64), 'a']),
    ...values('w_rr', ['r', '', text(63), text(64), 'b', '']),
    ...['I', 'N', 'D', 'H', 'R', 'S', 'C', 'E', 'X'].flatMap((letter) => [
      ...values(`w_status_${letter}`, ['1', '', '2', 'x', '-1']),
      ASK,
      ASK,
      edit(`w_status_${letter}=0`),
      ...asks,
    ]),
    edit('w_status_I=1&w_status_N=1&w_status_D=1&w_status_H=1&w_status_R=1&w_status_S=1'),
    edit(
      'w_lf=1.00&w_ls=0&w_wr=a&w_rr=&w_status_I=0&w_status_N=0&w_status_D=0&w_status_H=0&w_status_R=0&w_status_C=0&w_status_S=0',
    ),
    ...asks,
    ...values('w_hm', ['get', 'TCP', 'PROVIDER', 'nope', '', 'HEAD11', 'GET']),
    ...values('w_hi', ['60000', '99', '', 'x', '90s', '2min', '1h', '1ms', '40000']),
    ...values('w_hp', ['2', '0', '-1', 'x', '']),
    ...values('w_hf', ['3', '0', '-1', 'x', '']),
    ...values('w_hu', ['/h', '', text(63), text(64), '/%253Cb%253E']),
    ...values('w_he', ['ok234', 'none', 'other', '', 'ok234']),
    edit('w_hm=NONE'),
    // The balancer.
    ...['bytraffic', 'BYTRAFFIC', 'bogus', '', 'bybusyness'].flatMap((name) => [whole(`b_lbm=${name}`), ...asks]),
    whole('b_lbm=byrequests'),
    ...asks,
    ...['7200', '7201', '', '-1', '5', 'x'].map((value) => whole(`b_tmo=${value}`)),
    ...['99', '100', '-1', '7', '', 'x', '2'].map((value) => whole(`b_max=${value}`)),
    ...['1', '', '7', 'x', '0'].map((value) => whole(`b_sforce=${value}`)),
    ...['A|b', '', 'A|b|c', '|b', 'A|', 'A%257Cb', '-', '--', text(62), text(63), text(64), '%3Cb%3E', 'S|s'].map(
      (value) => whole(`b_ss=${value}`),
    ),
    { path: '/x/p', headers: [['Cookie', 'S=1.b']] },
    get('?xml=1'),
    // The only member.
    post(`b=one&w=http://127.0.0.1:${http.d}&nonce=m&w_lf=5`),
    post('b=one&nonce=m&b_sforce=0&b_ss=Q'),
    post('b=own&nonce=o&b_max=3', { host: 'v1.test', referer: 'http://v1.test/' }),
    // A change in one host is a change in all that see the balancer.
    post(`b=c&w=${b}&nonce=n&w_ls=0&w_rr=zz`, { host: 'v1.test', referer: 'http://v1.test/' }),
    get(''),
    // More members.
    whole(`b_nwrkr=http://127.0.0.1:${http.d}`),
    whole(`b_nwrkr=http://127.0.0.1:${http.d}&b_wyes=11`),
    whole('b_wyes=1'),
    whole('b_wyes=1&b_nwrkr='),
    whole('b_wyes=1&b_nwrkr=bogus'),
    whole(`b_wyes=1&b_nwrkr=${a}`),
    whole(`b_wyes=1&b_nwrkr=${a}/below`),
    whole(`b_wyes=1&b_nwrkr=HTTP://127.0.0.1:${http.d}`),
    get('?b=c'),
    ...asks,
    edit('w_status_D=0&w_wr=d&w_lf=4', `http://127.0.0.1:${http.d}`),
    ...asks,
    ...asks,
    whole(`b_wyes=1&b_nwrkr=ajp://127.0.0.1:${ajp.c}/ctx`),
    whole(`b_wyes=1&b_nwrkr=http://127.0.0.1:${http.b}`),
    get('?b=c'),
    get('?xml=1'),
    ...asks,
  ];
}

/** Some edit of some balancer; most of them sensible. What only time would show is left out. */
function randomStep(random: Random, { ports: { http, ajp } }: FakeBackends): Step {
  if (random.chance(0.4)) {
    const id = random.pick(['1.a', '1.b', '1.c', '1.d', '1.zz', '1']);
    return random.chance(0.3) ? { path: '/x/p', headers: [['Cookie', `S=${id}`]] } : ASK;
  }
  if (random.chance(0.15)) return get(random.pick(['', '?xml=1', '?b=c', '?b=one', '?b=free']));
  const urls = [
    `http://127.0.0.1:${http.a}`,
    `ajp://127.0.0.1:${ajp.b}`,
    `http://127.0.0.1:${http.c}/ctx`,
    `http://127.0.0.1:${http.d}`,
  ];
  const number = () => random.pick(['0', '1', '2', '3.5', '10', '100', '101', '-1', 'x', '', '7x', '99']);
  const words = [
    () => `w_lf=${number()}`,
    () => `w_ls=${random.pick(['0', '0', '1', '2', '100', 'x'])}`,
    () => `w_wr=${random.pick(['a', 'b', 'c', 'd', '', 'q%2520r'])}`,
    () => `w_rr=${random.pick(['a', 'b', 'c', 'd', '', ''])}`,
    () => `w_status_${random.pick(['I', 'N', 'D', 'H', 'R', 'S', 'C'])}=${random.pick(['0', '0', '1'])}`,
    () => `w_hp=${number()}`,
    () => `w_hu=${random.pick(['/h', ''])}`,
    () => `b_lbm=${random.pick(['byrequests', 'byrequests', 'bybusyness', 'bytraffic', 'no'])}`,
    () => `b_max=${random.pick(['0', '1', '3', '100', 'x'])}`,
    () => `b_sforce=${random.pick(['0', '0', '1'])}`,
    () => `b_ss=${random.pick(['S', 'S|s', 'S', '-', ''])}`,
  ];
  const chosen = Array.from({ length: 1 + random.int(4) }, () => random.pick(words)());
  const nonce = random.chance(0.95) ? 'n' : 'x';
  return post(`b=c&w=${random.pick(urls)}&nonce=${nonce}&${chosen.join('&')}`);
}

test('a page that differs in one cell is told from the other', () => {
  const page = "<p class='refused'>x</p>\n<td>1.00</td>\n<td>Init Ok </td>\n";
  assert.equal(difference(comparable(page), '<td>1.00</td>\n<td>Init Ok </td>\n'), undefined);
  assert.match(difference(comparable(page), '<td>1.00</td>\n<td>Init Dis </td>\n') ?? '', /^line 1: .*Ok .*\n.*Dis /);
});

test('the balancer-manager answers and acts as httpd’s', needs('httpd'), async (t) => {
  const seed = chosenSeed();
  t.diagnostic(`seed ${seed}`);
  const random = randomFrom(seed);
  await using backends = await FakeBackends.start();
  const kinds: readonly FrontKind[] = [UNDER_TEST, 'httpd'];
  const conf = configuration(backends);
  await using ours = await Front.start(kinds[0], { conf });
  await using theirs = await Front.start(kinds[1], { conf });
  const steps = fixedSteps(backends);
  for (let i = 0; i < RANDOM_EDITS; i++) steps.push(randomStep(random, backends));
  for (const [number, step] of steps.entries()) {
    const [one, other] = await Promise.all([play(step, ours), play(step, theirs)]);
    // The XML shows all that a step may have changed.
    const [state, theirState] = await Promise.all([play(get('?xml=1'), ours), play(get('?xml=1'), theirs)]);
    const what = `SEED=${seed}, step ${number} of ${steps.length}: ${JSON.stringify(step)}`;
    assert.equal(difference(one, other), undefined, what);
    assert.equal(difference(state, theirState), undefined, `${what}, then XML`);
  }
  t.diagnostic(`${steps.length} steps are the same`);
});

/** Name, load factor, set, route and status of the members, and the balancer's table: what outlives a restart. */
async function kept(front: Front): Promise<string[]> {
  const page = await play(get(''), front);
  const cells = (row: string) => [...row.matchAll(/<td>(.*?)<\/td>/gs)].map(([, cell]) => cell.replace(/<[^>]*>/g, ''));
  // After a restart httpd no longer counts members that it has and that are not in the file.
  const tables = page.split('<th>Active</th></tr>\n')[1].replace(/\[\d Used\]/, '');
  const [balancer, members] = tables.split('<th>Worker URL</th>');
  return [
    cells(balancer).join(),
    ...[...members.matchAll(/<tr>\n.*?<\/tr>/g)].map(([row]) => cells(row).slice(0, 6).join()),
  ];
}

// BalancerPersist
test('what BalancerPersist keeps over a restart is what httpd keeps', needs('httpd'), async () => {
  await using backends = await FakeBackends.start();
  const { http } = backends.ports;
  const conf = (folder: string, a = 'route=a', b = http.b, set = '') => `DefaultRuntimeDir ${folder}
BalancerPersist On
<Proxy balancer://c>
BalancerMember http://127.0.0.1:${http.a} ${a}
BalancerMember http://127.0.0.1:${b} route=b
ProxySet growth=2 nonce=n ${set}
</Proxy>
ProxyPass /x balancer://c/x
<Location /bm>
SetHandler balancer-manager
</Location>
`;
  const told: string[][][] = [];
  for (const kind of [UNDER_TEST, 'httpd'] as const) {
    const folder = mkdtempSync(join(tmpdir(), 'persist-'));
    chmodSync(folder, 0o777);
    const mine: string[][] = [];
    const lives: [conf: string, steps: Step[]][] = [
      [
        conf(folder),
        [
          post(`b=c&nonce=n&b_wyes=1&b_nwrkr=http://127.0.0.1:${http.c}`),
          post(`b=c&nonce=n&w=http://127.0.0.1:${http.c}&w_status_D=0&w_lf=4`),
          ...Array.from({ length: 12 }, () => ASK),
        ],
      ],
      [conf(folder), [post(`b=c&nonce=n&w=http://127.0.0.1:${http.a}&w_ls=0&w_rr=b`)]],
      // The file says something new: where something was changed before, that counts.
      [conf(folder, 'route=a2 loadfactor=9', http.b, 'lbmethod=bytraffic'), []],
      [conf(folder, 'route=a', http.d), [post('b=c&nonce=n&b_lbm=bybusyness&b_tmo=4&b_max=5&b_sforce=1&b_ss=S|s')]],
      [conf(folder, 'route=a', http.d), []],
      [conf(folder).replace('Persist On', 'Persist Off'), []],
    ];
    for (const [text, steps] of lives) {
      await using front = await Front.start(kind, { conf: text });
      mine.push(await kept(front));
      const members: string[] = [];
      for (const step of steps) members.push((await play(step, front)).slice(0, 8));
      mine.push(members, await kept(front));
    }
    rmSync(folder, { recursive: true });
    told.push(mine);
  }
  assert.deepEqual(told[0], told[1]);
});
