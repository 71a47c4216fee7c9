// What `explain` says of where a request goes: listener, host and mapping.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLUSTER, explain } from './explaining.ts';

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

// JkMount, JkUnMount
test('rules of mod_jk are told: which takes a path, which nearly does, which takes it out again', async () => {
  const conf = `Listen 8080
ServerName www.test
JkWorkerProperty worker.list=w
JkWorkerProperty worker.w.host=10.0.0.1
JkMount /shop/* w
JkUnMount /shop/*.gif w
JkMount /* nosuch
JkMount /Exact w`;
  const mappingOf = async (url: string) => (await explain(conf, url)).passes[0];
  const taken = await mappingOf('/shop/x');
  assert.deepEqual(taken.mapping.rule, { text: 'JkMount /shop/* w', place: { file: '/srv/httpd.conf', line: 5 } });
  assert.deepEqual(
    taken.mapping.later.map(({ text }) => text),
    ['JkMount /* nosuch'],
  );
  assert.deepEqual(taken.goal, { kind: 'worker', name: 'w', type: 'ajp' });
  const out = await mappingOf('/shop/a.gif');
  assert.equal(out.mapping.rule, undefined);
  assert.match(out.mapping.nearly[0].why, /^JkUnMount \/shop\/\*\.gif w takes the path out again$/);
  const near = await mappingOf('/shop');
  assert.deepEqual(near.goal, { kind: 'worker', name: 'nosuch', type: undefined });
  assert.match(near.mapping.nearly[0].why, /it takes \/shop\/ and what lies under it, not \/shop itself/);
  assert.match((await mappingOf('/exact')).mapping.nearly[0].why, /other letters, large and small/);
});
