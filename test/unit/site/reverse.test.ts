// ProxyPassReverse and its cookie siblings (modproxy.md §9).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fields } from '../../../src/base/fields.ts';
import type { ReverseRule } from '../../../src/site/model.ts';
import { type ReverseContext, reverseCookie, reverseFields, reverseUrl } from '../../../src/site/reverse.ts';

const context: ReverseContext = {
  origin: 'http://front.test',
  memberUrls: (balancer) => (balancer === 'c' ? ['ajp://10.0.0.1:8009', 'http://10.0.0.2:8080/m'] : []),
};

function url(external: string, internal: string, balancer?: string): ReverseRule {
  return { kind: 'url', external, internal, ...(balancer === undefined ? {} : { balancer }) } as ReverseRule;
}

function cookie(kind: 'cookie-path' | 'cookie-domain', internal: string, external: string): ReverseRule {
  return { kind, internal, external } as ReverseRule;
}

test("a backend's URL becomes ours", () => {
  const rules = [url('/app', 'http://be:8080/be')];
  assert.equal(reverseUrl('http://be:8080/be/x?q=1', rules, context), 'http://front.test/app/x?q=1');
  assert.equal(reverseUrl('http://be:8080/be', rules, context), 'http://front.test/app');
});

test('letter case does not matter, nor does a segment boundary', () => {
  const rules = [url('/app', 'http://be/be')];
  assert.equal(reverseUrl('HTTP://BE/be/x', rules, context), 'http://front.test/app/x');
  assert.equal(reverseUrl('http://be/bex', rules, context), 'http://front.test/appx');
});

test('a port is compared as it is written', () => {
  assert.equal(reverseUrl('http://be/x', [url('/', 'http://be:80/')], context), undefined);
});

test('a rule that is only a path fits any host, and paths', () => {
  const rules = [url('/app/', '/be/')];
  assert.equal(reverseUrl('http://anyone:1/be/x', rules, context), 'http://front.test/app/x');
  assert.equal(reverseUrl('/be/x', rules, context), 'http://front.test/app/x');
});

test('a rule that is a URL leaves relative locations alone', () => {
  assert.equal(reverseUrl('/be/x', [url('/app', 'http://be/be')], context), undefined);
});

test('the first rule that fits wins', () => {
  const rules = [url('/one', 'http://be/a'), url('/two', 'http://be/')];
  assert.equal(reverseUrl('http://be/a/x', rules, context), 'http://front.test/one/x');
  assert.equal(reverseUrl('http://be/b', rules, context), 'http://front.test/twob');
});

test('a slash that would double is left out for a balancer at the root, and only there, as in httpd', () => {
  assert.equal(reverseUrl('ajp://10.0.0.1:8009/x', [url('/', 'balancer://c', 'c')], context), 'http://front.test/x');
  assert.equal(reverseUrl('http://be/x', [url('/', 'http://be')], context), 'http://front.test//x');
});

test('a rule for a balancer fits the URL of any member, path included', () => {
  const rules = [url('/app', 'balancer://c/be', 'c')];
  assert.equal(reverseUrl('ajp://10.0.0.1:8009/be/x', rules, context), 'http://front.test/app/x');
  assert.equal(reverseUrl('http://10.0.0.2:8080/m/be/x', rules, context), 'http://front.test/app/x');
  assert.equal(reverseUrl('http://10.0.0.3/be/x', rules, context), undefined);
  assert.equal(reverseUrl('ajp://10.0.0.1:8009/be/x', [url('/app', 'balancer://d/be', 'd')], context), undefined);
});

test('an external URL is taken as it stands', () => {
  assert.equal(reverseUrl('http://be/x', [url('https://www.test/', 'http://be/')], context), 'https://www.test/x');
});

test('Location, Content-Location and URI are rewritten, Refresh and Link are not', () => {
  const fields = new Fields();
  for (const name of ['Location', 'Content-Location', 'URI', 'Refresh', 'Link']) fields.add(name, 'http://be/x');
  reverseFields(fields, [url('/', 'http://be/')], context);
  assert.deepEqual(
    fields.entries().map(([, value]) => value),
    ['http://front.test/x', 'http://front.test/x', 'http://front.test/x', 'http://be/x', 'http://be/x'],
  );
});

test('the whole value of a cookie path is replaced, the rest of the cookie stays as it was', () => {
  const rules = [cookie('cookie-path', '/be', '/app')];
  assert.equal(reverseCookie('S=1; HttpOnly;PATH = /be/sub ; Secure', rules), 'S=1; HttpOnly;PATH = /app; Secure');
  assert.equal(reverseCookie('S=1; Path=/BE', rules), undefined, 'paths are compared with their letter case');
  assert.equal(reverseCookie('Path=/be; x=1', rules), undefined, 'a cookie of that name is no attribute');
});

test('a cookie domain is compared without letter case, and its leading dot counts', () => {
  const rules = [cookie('cookie-domain', 'be.test', 'front.test')];
  assert.equal(reverseCookie('S=1; domain=BE.test', rules), 'S=1; domain=front.test');
  assert.equal(reverseCookie('S=1; Domain=.be.test', rules), undefined);
});

test('every Set-Cookie is looked at on its own', () => {
  const fields = new Fields();
  fields.add('Set-Cookie', 'a=1; Path=/be');
  fields.add('X-Other', 'Path=/be');
  fields.add('Set-Cookie', 'b=2; Path=/else');
  fields.add('Set-Cookie', 'c=3; Path=/be/x');
  reverseFields(fields, [cookie('cookie-path', '/be', '/app')], context);
  assert.deepEqual(fields.getAll('Set-Cookie'), ['a=1; Path=/app', 'b=2; Path=/else', 'c=3; Path=/app']);
  assert.equal(fields.get('X-Other'), 'Path=/be');
});

test('an empty rule fits nothing', () => {
  assert.equal(reverseUrl('http://be/', [url('/', '')], context), undefined);
});

test('the path of a rule for a balancer is compared with regard to letter case, the member is not', () => {
  const rules = [url('/app', 'balancer://c/Be', 'c')];
  assert.equal(reverseUrl('AJP://10.0.0.1:8009/Be/x', rules, context), 'http://front.test/app/x');
  assert.equal(reverseUrl('ajp://10.0.0.1:8009/be/x', rules, context), undefined);
});

test('Destination is rewritten as Location is', () => {
  const fields = new Fields();
  fields.add('Destination', 'http://be/x');
  reverseFields(fields, [url('/app', 'http://be')], context);
  assert.equal(fields.get('Destination'), 'http://front.test/app/x');
});

// ProxyPassInterpolateEnv
test('variables of rules with interpolate are put in, where ProxyPassInterpolateEnv is on', () => {
  const variable = `\${${'V'}}`;
  const rules = [
    { ...url(`/${variable}`, `http://${variable}/`), interpolate: true },
    { ...cookie('cookie-path', `/${variable}`, `/p-${variable}`), interpolate: true },
    url(`/${variable}`, 'http://other/'),
  ];
  const env = (name: string) => (name === 'V' ? 'be' : undefined);
  const rewritten = (field: [string, string], withEnv: boolean) => {
    const fields = new Fields();
    fields.add(...field);
    reverseFields(fields, rules, withEnv ? { ...context, env } : context);
    return fields.get(field[0]);
  };
  assert.equal(rewritten(['Location', 'http://be/x'], true), 'http://front.test/bex');
  assert.equal(rewritten(['Location', 'http://be/x'], false), 'http://be/x');
  assert.equal(rewritten(['Location', 'http://other/x'], true), `http://front.test/${variable}x`);
  assert.equal(rewritten(['Set-Cookie', 'a=1; Path=/be'], true), 'a=1; Path=/p-be');
});
