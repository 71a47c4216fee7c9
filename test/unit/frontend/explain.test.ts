// What `explain` says of requests, asked of fresh frontends and of one that serves.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { MemoryFiles } from '../../../src/config/files.ts';
import { formatFinding } from '../../../src/config/finding.ts';
import { explainInOneLine } from '../../../src/frontend/explain/explain-log.ts';
import type { Explanation } from '../../../src/frontend/explain/explanation.ts';
import { explainRequest, freshFrontend, type Question } from '../../../src/frontend/explain/rehearsal.ts';
import { loadSite } from '../../../src/site/load.ts';
import { Lab, until } from './lab.ts';

/** Asks about a URL under a configuration, whose first line is line 1. */
function explain(conf: string, question: string | Question): Promise<Explanation> {
  const { snapshot, findings } = loadSite({
    file: '/srv/httpd.conf',
    files: new MemoryFiles({ '/srv/httpd.conf': `${conf}\n`, '/srv/logs/x': '' }),
    environment: {},
    assumeFiles: true,
  });
  assert.ok(snapshot, findings.map(formatFinding).join('\n'));
  const frontend = freshFrontend(snapshot, new VirtualClock());
  return explainRequest(frontend, typeof question === 'string' ? { url: question } : question);
}

const CLUSTER = `Listen 8080
ServerName www.test
ProxyPass /app/static !
ProxyPass /app/ balancer://c/app/ stickysession=JSESSIONID|jsessionid
<Proxy balancer://c>
BalancerMember ajp://10.0.0.1:8009 route=a secret=sesame
BalancerMember ajp://10.0.0.2:8009 route=b
BalancerMember ajp://10.0.0.3:8009 route=s status=+H
</Proxy>`;

function withCookie(cookie: string, url = '/app/x'): Question {
  return { url, headers: [['Cookie', cookie]] };
}

describe('listener and host', () => {
  const HOSTS = `Listen 8080
Listen 10.0.0.9:8081
ServerName main.test
<VirtualHost *:8080>
ServerName one.test
</VirtualHost>
<VirtualHost *:8080>
ServerName two.test
ServerAlias *.two.test
</VirtualHost>`;

  for (const [url, name, reason, line] of [
    ['http://two.test:8080/', 'two.test', 'server-name', 1],
    ['http://a.two.test:8080/', 'two.test', 'server-alias', 1],
    ['http://who.test:8080/', 'one.test', 'first-of-unknown-name', 1],
    ['/', 'one.test', 'first-without-name', 1],
    ['http://two.test:8081/', 'main.test', 'main-server', 2],
  ] as const)
    test(`${url} is for ${name}: ${reason}`, async () => {
      const { host, listener } = await explain(HOSTS, url);
      assert.deepEqual([host?.name, host?.reason, listener?.place.line], [name, reason, line]);
    });

  test('a port that nobody listens on is said, and the first line stands in', async () => {
    const { listener } = await explain(HOSTS, 'http://two.test:99/');
    assert.equal(listener?.port, 8080);
    assert.match(listener.remarks[0], /no Listen line has port 99/);
  });

  test('a request comes to the address of a virtual host, when hosts have addresses', async () => {
    const conf = 'Listen 80\nServerName m\n<VirtualHost 10.0.0.5:80>\nServerName v\n</VirtualHost>';
    assert.equal((await explain(conf, 'http://v/')).host?.name, 'v');
    assert.equal((await explain(conf, { url: 'http://v/', at: '10.0.0.6' })).host?.name, 'm');
  });

  test('what is no URL is refused', async () => {
    for (const url of ['app', 'ftp://x/', 'http:///x', 'http://a:b@c/'])
      await assert.rejects(explain(HOSTS, url), /is neither/, url);
  });
});

describe('mapping', () => {
  async function mapping(conf: string, url: string) {
    return (await explain(`Listen 80\nServerName x\n${conf}`, url)).passes[0].mapping;
  }

  test('the rule that took the request has file and line, and the path for the backend', async () => {
    const found = await mapping('ProxyPass /a http://h/z', '/a/%62/../c');
    assert.deepEqual(found.rule, { text: '/a -> http://h/z', place: { file: '/srv/httpd.conf', line: 3 } });
    assert.equal(found.path, '/z/c');
  });

  for (const [rule, url, why] of [
    ['ProxyPass /app/ http://h/', '/app', /takes what is below \/app but not \/app itself/],
    ['ProxyPass /app http://h/', '/apps/x', /whole name: \/apps is another/],
    ['ProxyPass /App http://h/', '/app/x', /letter case/],
    ['ProxyPassMatch ^/App http://h/', '/app/x', /letter case/],
    ['ProxyPassMatch \\.do\\?x http://h/', '/a.do?x', /with the query, which is not compared/],
    ['ProxyPass /a%62 http://h/', '/a%62', /as sent, but is compared with \/ab/],
    ['ProxyPass /a/b http://h/', '/a;v=1/b', /mapping=servlet/],
    ['ProxyPass app http://h/', '/app', /does not begin with a slash/],
  ] as const)
    test(`${rule} nearly takes ${url}, and it is said why not`, async () => {
      const { rule: taken, nearly } = await mapping(rule, url);
      assert.equal(taken, undefined);
      assert.match(nearly[0]?.why ?? '', why);
    });

  test('rules that are far from it are only counted', async () => {
    const { nearly, otherCount } = await mapping('ProxyPass /b http://h/\nProxyPass /c http://h/', '/a');
    assert.deepEqual([nearly.length, otherCount], [0, 2]);
  });

  test('a rule that would fit and stands behind is told with its line', async () => {
    const { later } = await mapping('ProxyPass / http://h/\nProxyPass /a http://i/', '/a');
    assert.deepEqual(
      later.map(({ place }) => place.line),
      [4],
    );
  });

  test('an exclusion ends the search, and a file answers', async () => {
    const { passes, answer } = await explain(CLUSTER, '/app/static/x');
    assert.equal(passes[0].mapping.rule?.place.line, 3);
    assert.equal(passes[0].goal.kind, 'file');
    assert.equal(answer?.status, 404);
  });

  test('an error page is a second pass', async () => {
    const { passes, answer } = await explain(
      'Listen 80\nServerName x\nErrorDocument 404 /err/x\nProxyPass /err http://h/',
      '/a',
    );
    assert.deepEqual(
      passes.map(({ path }) => path),
      ['/a', '/err/x'],
    );
    assert.equal(answer, undefined, 'the page comes from a backend');
  });
});

test('sections in force are told in their order with their lines', async () => {
  const { passes } = await explain(
    `${CLUSTER}\n<Location />\nProxyPreserveHost On\n</Location>\n<LocationMatch x$>\nSetEnv a b\n</LocationMatch>`,
    '/app/x',
  );
  assert.deepEqual(
    passes[0].sections.map(({ text, place }) => [text, place.line]),
    [
      ['<Proxy balancer://c>', 5],
      ['<Location />', 10],
      ['<LocationMatch x$>', 13],
    ],
  );
});

test('whether the client may enter depends on where it comes from', async () => {
  const conf = `${CLUSTER}\n<Location />\nRequire ip 10.1.0.0/16\n</Location>`;
  const from = (address: string) => explain(conf, { url: '/app/x', from: address });
  assert.equal((await from('10.1.2.3')).passes[0].access?.isAllowed, true);
  const refused = await from('10.2.2.3');
  assert.equal(refused.passes[0].access?.isAllowed, false);
  assert.equal(refused.answer?.status, 403);
  assert.deepEqual(refused.elections, []);
});

describe('the lines that decide about access', () => {
  async function lines(rules: string, from = '127.0.0.1', headers: [string, string][] = []) {
    const conf = `Listen 80\nServerName x\nProxyPass / http://h/\n<Location />\n${rules}\n</Location>`;
    const { passes, answer } = await explain(conf, { url: '/', from, headers });
    const access = passes[0].access;
    return {
      isAllowed: access?.isAllowed,
      status: answer?.status,
      said: access?.lines.map(({ text, place, opinion }) => `${place.line} ${text}: ${opinion}`),
    };
  }

  test('Require lines are asked until one lets in', async () => {
    assert.deepEqual(await lines('Require ip 10\nRequire local\nRequire all granted'), {
      isAllowed: true,
      status: undefined,
      said: ['5 Require ip 10: does not let in', '6 Require local: lets in'],
    });
  });

  test('a line that keeps out ends RequireAll', async () => {
    const { isAllowed, said } = await lines(
      '<RequireAll>\nRequire all granted\nRequire not ip 127\nRequire local\n</RequireAll>',
    );
    assert.equal(isAllowed, false);
    assert.deepEqual(said, ['6 Require all granted: lets in', '7 Require not ip 127: keeps out']);
  });

  test('what RequireNone names keeps out', async () => {
    const { isAllowed, said } = await lines(
      '<RequireAll>\nRequire all granted\n<RequireNone>\nRequire ip 127\n</RequireNone>\n</RequireAll>',
    );
    assert.equal(isAllowed, false);
    assert.deepEqual(said?.at(-1), '8 Require ip 127: keeps out');
  });

  test('Order, Deny and Allow', async () => {
    const rules = 'Order Deny,Allow\nDeny from all\nAllow from 127.0.0.1';
    assert.deepEqual((await lines(rules)).said, ['6 Deny from all: keeps out', '7 Allow from 127.0.0.1: lets in']);
    assert.deepEqual((await lines(rules, '10.0.0.1')).said, [
      '6 Deny from all: keeps out',
      '7 Allow from 127.0.0.1: has no say',
    ]);
  });

  test('a line that asks for a user says so, and 401 is the answer', async () => {
    const rules = 'AuthType Basic\nAuthName a\nAuthUserFile /srv/logs/x\nRequire valid-user';
    const { status, said } = await lines(rules);
    assert.equal(status, 401);
    assert.deepEqual(said, ['8 Require valid-user: asks for a user']);
  });
});

describe('session', () => {
  test('where the id was found, and its route', async () => {
    const { session } = await explain(CLUSTER, withCookie('x=1; JSESSIONID=0123456789ABCDEF.b'));
    assert.deepEqual(session?.found, { source: 'cookie', name: 'JSESSIONID', id: '012345…', route: 'b' });
    const inUrl = await explain(CLUSTER, '/app/x;jsessionid=0123456789.a?y=1');
    assert.deepEqual([inUrl.session?.found?.source, inUrl.session?.found?.route], ['url', 'a?y=1'.slice(0, 1)]);
  });

  test('a first cookie without route hides a second one', async () => {
    const { session, elections } = await explain(CLUSTER, withCookie('JSESSIONID=aaaaaaaa; JSESSIONID=bbbbbbbb.b'));
    assert.deepEqual(
      session?.hidden.map(({ route }) => route),
      ['b'],
    );
    assert.match(session?.remarks.join('\n') ?? '', /names the member route "b", but a cookie JSESSIONID comes first/);
    assert.equal(elections[0].isRouteChanged, true);
  });

  test('an id in the URL hides a good cookie', async () => {
    const { session } = await explain(CLUSTER, withCookie('JSESSIONID=x.b', '/app/x;jsessionid=y.gone'));
    assert.match(session?.remarks.join('\n') ?? '', /no member has the route "gone"/);
    assert.match(session?.remarks.join('\n') ?? '', /jsessionid= in the URL comes first/);
  });

  test('letter case of names is told when nothing was found', async () => {
    const url = await explain(CLUSTER, '/app/x;JSESSIONID=y.b');
    assert.match(url.session?.remarks[0] ?? '', /JSESSIONID= stands in the URL, but the name looked for there is/);
    const cookie = await explain(CLUSTER, withCookie('jsessionid=y.b'));
    assert.match(cookie.session?.remarks[0] ?? '', /cookie jsessionid, but the name looked for is JSESSIONID/);
  });

  test('a balancer without stickysession says that it does not look', async () => {
    const conf = CLUSTER.replace(' stickysession=JSESSIONID|jsessionid', '');
    const { session } = await explain(conf, withCookie('JSESSIONID=x.b'));
    assert.equal(session?.looksFor, undefined);
    assert.match(session?.remarks[0] ?? '', /has no stickysession/);
  });
});

describe('election', () => {
  test('the route of the session decides, and why is said', async () => {
    const { elections } = await explain(CLUSTER, withCookie('JSESSIONID=x.b'));
    assert.equal(elections[0].chosen, 'ajp://10.0.0.2:8009');
    assert.match(elections[0].why, /route "b" is its route/);
  });

  test('members that are not chosen have their reason', async () => {
    const conf = CLUSTER.replace('route=a', 'route=a status=+D').replace('route=b', 'route=b redirect=s');
    const { elections } = await explain(conf, '/app/x');
    assert.deepEqual(
      elections[0].members.map(({ role, verdict }) => [role, verdict]),
      [
        ['active', 'unusable'],
        ['active', 'candidate'],
        ['standby', 'standby: others can be had'],
      ],
    );
  });

  test('a redirect and an unusable member are told', async () => {
    const conf = CLUSTER.replace('route=b', 'route=b status=+S redirect=s');
    const { elections } = await explain(conf, withCookie('JSESSIONID=x.b'));
    assert.equal(elections[0].chosen, 'ajp://10.0.0.3:8009');
    assert.match(elections[0].why, /by redirect=/);
    assert.match(elections[0].remarks[0], /10.0.0.2:8009 has the route "b" and is unusable, redirect=s leads on/);
  });

  test('nobody usable is a 503, said at once however long timeout= would wait', async () => {
    const conf = CLUSTER.replaceAll(/route=\w/g, 'status=+D').replace('stickysession', 'timeout=30 stickysession');
    const { elections, answer } = await explain(conf, '/app/x');
    assert.match(elections[0].why, /no member is usable; it is waited up to 30 s/);
    assert.deepEqual([answer?.status, answer?.code], [503, 'no-member']);
  });

  test('a direct target is no balancer', async () => {
    const { elections, session, backend } = await explain(
      'Listen 80\nServerName x\nProxyPass /a http://127.0.0.1:8081/b',
      '/a/c?q',
    );
    assert.equal(elections[0].isDirect, true);
    assert.equal(session, undefined);
    assert.equal(backend?.url, 'http://127.0.0.1:8081/b/c?q');
    assert.deepEqual(backend.head, [['request line', 'GET /b/c?q HTTP/1.1']]);
  });
});

test('what a backend would be told is told, secrets and sessions left out', async () => {
  const conf = `${CLUSTER}\nSetEnv AJP_unit sales`;
  const explanation = await explain(conf, {
    url: 'https://www.test:8080/app/x?y=1',
    method: 'DELETE',
    headers: [
      ['Cookie', 'JSESSIONID=topsecret.a; theme=dark'],
      ['Authorization', 'Basic dG9wc2VjcmV0'],
    ],
  });
  const { backend } = explanation;
  const head = new Map(backend?.head);
  assert.deepEqual(
    [head.get('method'), head.get('uri'), head.get('is_ssl'), head.get('server_name')],
    ['DELETE', '/app/x', 'true', 'www.test'],
  );
  const headers = new Map(backend?.headers);
  assert.equal(headers.get('Cookie'), 'JSESSIONID=…; theme=…');
  assert.equal(headers.get('Authorization'), 'Basic (not shown)');
  const attributes = new Map(backend?.attributes);
  assert.equal(attributes.get('unit'), 'sales');
  assert.equal(attributes.get('jvm_route'), 'a');
  assert.equal(attributes.get('secret'), '(sent, not shown)');
  assert.doesNotMatch(JSON.stringify(explanation), /topsecret|sesame|dG9wc2VjcmV0/);
});

test('rules for the answer that are in force are told', async () => {
  const { response } = await explain(
    `${CLUSTER}\nProxyPassReverse /app/ balancer://c/app/\nHeader always set X-A b\nRequestHeader set X-B c\nProxyErrorOverride On 404 503`,
    '/app/x',
  );
  assert.deepEqual(
    response.reverse.map(({ text, place }) => [text, place.line]),
    [['ProxyPassReverse balancer://c/app/ -> /app/', 10]],
  );
  assert.deepEqual(
    response.headers.map(({ text }) => text),
    ['Header always set X-A'],
  );
  assert.equal(response.overrides, '404 503');
});

test('a redirect and a manager are answers of our own', async () => {
  const conf = `${CLUSTER}\nRedirect /old http://new.test/\n<Location /m>\nSetHandler balancer-manager\n</Location>`;
  const moved = await explain(conf, '/old');
  assert.deepEqual([moved.answer?.status, moved.answer?.location], [302, 'http://new.test/']);
  const manager = await explain(conf, '/m');
  assert.deepEqual(manager.passes[0].goal, { kind: 'page', handler: 'balancer-manager' });
});

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
