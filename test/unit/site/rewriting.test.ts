// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test writes maps so.
// mod_rewrite as facts: what a list of rules makes of a path and a query, by what was seen on httpd 2.4.71.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_SUBJECT } from '../../../src/config/expression/expression.ts';
import { applyRewriteRules, newRewriteState, type RewriteAsker } from '../../../src/site/rewriting/rewriting.ts';
import { HostSettings } from '../../../src/site/settings.ts';
import { main, site } from './support.ts';

interface Result {
  readonly outcome: string;
  readonly url: string;
  readonly env: ReadonlyMap<string, string | undefined>;
  readonly varies: readonly string[];
  readonly cookies: readonly string[];
}

/** Fields of the request are X-A: abc and Host: www.example.test. */
function rewrite(rules: string, target: string): Result {
  const host = main(`RewriteEngine On\n${rules}`);
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  const state = newRewriteState(path, question < 0 ? undefined : target.slice(question + 1));
  const env = new Map<string, string | undefined>();
  const varies: string[] = [];
  const cookies: string[] = [];
  const asker: RewriteAsker = {
    subject: { ...NO_SUBJECT, variable: (name) => (name === 'REQUEST_METHOD' ? 'GET' : undefined) },
    isSubrequest: false,
    pathBytesMax: 200,
    origin: 'http://www.example.test',
    isOwn: (scheme, name, port) => scheme === 'http' && name === 'www.example.test' && port === 80,
    setEnv: (name, value) => void env.set(name, value),
    addCookie: (parts) => void cookies.push(parts),
    varyOn: (name) => void varies.push(name),
    map: (name, key) => (name === 'up' ? key.toUpperCase() : undefined),
    part: (part) => {
      if (part.kind === 'header') return part.name === 'X-A' ? 'abc' : undefined;
      if (part.kind === 'env') return env.get(part.name);
      if (part.kind !== 'variable') return undefined;
      if (part.name === 'HTTP_HOST') return 'www.example.test';
      if (part.name === 'QUERY_STRING') return state.query;
      if (part.name === 'REQUEST_URI') return path;
      return part.name === 'REQUEST_FILENAME' ? state.url : undefined;
    },
  };
  const outcome = applyRewriteRules(host.rewriting?.rules ?? [], state, asker);
  const url = outcome === 'answer' ? '' : state.url + (state.query === undefined ? '' : `?${state.query}`);
  const status = outcome === 'answer' || /^[a-z]+:/.test(url) ? ` ${state.status}` : '';
  return { outcome: `${outcome}${state.isPassThrough ? ' through' : ''}${status}`, url, env, varies, cookies };
}

for (const [rules, target, expected] of [
  // RewriteRule
  ['RewriteRule ^/a /b', '/a?q', 'changed /b?q'],
  ['RewriteRule ^/x /b', '/a', 'unchanged /a'],
  ['RewriteRule ^/a b', '/a', 'changed /b'],
  ['RewriteRule !^/x /b', '/a', 'changed /b'],
  ['RewriteRule ^/(\\w)(\\w)? /$2-$1-$0\\$1', '/ab', 'changed /b-a-/ab$1'],
  ['RewriteRule ^/A /b [NC]', '/a', 'changed /b'],
  ['RewriteRule "^/a b" "/c d"', '/a b', 'changed /c d'],
  ['RewriteRule ^/a\\ b /c', '/a b', 'changed /c'],
  ['RewriteRule ^/a /b\nRewriteRule ^/b /c', '/a', 'changed /c'],
  // L, END
  ['RewriteRule ^/a /b [L]\nRewriteRule ^/b /c', '/a', 'changed /b'],
  ['RewriteRule ^/a /b [END]\nRewriteRule ^/b /c', '/a', 'changed /b'],
  // R, its statuses
  ['RewriteRule ^/a /b [R]', '/a?q', 'changed 302 http://www.example.test/b?q'],
  ['RewriteRule ^/a b [R=permanent]', '/a', 'changed 301 http://www.example.test/b'],
  ['RewriteRule ^/a http://e.test/b [R=308]', '/a', 'changed 308 http://e.test/b'],
  ['RewriteRule ^/a https://e.test/b', '/a', 'changed 302 https://e.test/b'],
  ['RewriteRule ^/a http://www.example.test/b', '/a', 'changed /b'],
  ['RewriteRule ^/a /b [R=404]', '/a', 'answer 404 '],
  // F, G
  ['RewriteRule ^/a - [F]', '/a', 'answer 403 '],
  ['RewriteRule ^/a - [G]', '/a', 'answer 410 '],
  // PT, NE
  ['RewriteRule ^/a /b [PT]\nRewriteRule ^/b /c', '/a', 'changed through /b'],
  ['RewriteRule ^/a /b [NE]', '/a', 'literal /b'],
  // QSA, QSD, QSL
  ['RewriteRule ^/a /b?x', '/a?q', 'changed /b?x'],
  ['RewriteRule ^/a /b?x [QSA]', '/a?q', 'changed /b?x&q'],
  ['RewriteRule ^/a /b?x& [QSA]', '/a', 'changed /b?x'],
  ['RewriteRule ^/a /b?', '/a?q', 'changed /b'],
  ['RewriteRule ^/a /b [QSD]', '/a?q', 'changed /b'],
  ['RewriteRule ^/a /b?c?d [QSL]', '/a', 'changed /b?c?d'],
  // C, S, N, NS
  ['RewriteRule ^/x - [C]\nRewriteRule ^/a /b\nRewriteRule ^/a /c', '/a', 'changed /c'],
  ['RewriteRule ^/a - [C]\nRewriteRule ^/a /b', '/a', 'changed /b'],
  ['RewriteRule ^/a - [S=1]\nRewriteRule ^/a /b\nRewriteRule ^/a /c', '/a', 'changed /c'],
  ['RewriteRule ^(.*)_(.*)$ $1-$2 [N]', '/a_b_c', 'changed /a-b-c'],
  ['RewriteRule ^/a - [N=5]', '/a', 'answer 500 '],
  ['RewriteRule ^/(a*) /$1a [N]', '/a', 'answer 500 '],
  ['RewriteRule ^/a /b [NS]', '/a', 'changed /b'],
  // B, BNP, BCTLS, BNE
  ['RewriteRule ^/(.*) /$1 [B]', '/a b/é', 'changed /a+b%2f%e9'],
  ['RewriteRule ^/(.*) /$1 [B,BNP]', '/a b', 'changed /a%20b'],
  ['RewriteRule ^/(.*) /$1 [BCTLS]', '/a b/c&', 'changed /a+b/c&'],
  ['RewriteRule ^/(.*) /$1 [B=/,BNP]', '/a b/c', 'changed /a b%2fc'],
  ['RewriteRule ^/(.*) /$1 [B,BNE=/]', '/a/b.c', 'changed /a/b%2ec'],
  // UnsafeAllow3F
  ['RewriteRule ^/(.*) /b$1', '/a\u003fc'.replace('?', '%3f'), 'changed /ba%3fc'],
  ['RewriteCond %{QUERY_STRING} (.*)\nRewriteRule ^/a /b%1', '/a?x?y', 'answer 403 '],
  ['RewriteCond %{QUERY_STRING} (.*)\nRewriteRule ^/a /b%1 [UnsafeAllow3F]', '/a?x?y', 'changed /bx?y'],
  ['RewriteCond %{QUERY_STRING} (.*)\nRewriteRule ^/a /b?%1', '/a?x?y', 'changed /b?x?y'],
  // RewriteCond
  ['RewriteCond %{QUERY_STRING} ^q(.)\nRewriteRule ^/a /b%1%2', '/a?q1', 'changed /b1?q1'],
  ['RewriteCond %{QUERY_STRING} ^q\nRewriteRule ^/a /b', '/a', 'unchanged /a'],
  ['RewriteCond %{QUERY_STRING} !^q\nRewriteRule ^/a /b', '/a', 'changed /b'],
  ['RewriteCond %{QUERY_STRING} ^q\nRewriteRule ^/x /b\nRewriteRule ^/a /c', '/a', 'changed /c'],
  ['RewriteCond %{QUERY_STRING} ^Q [NC]\nRewriteRule ^/a /b', '/a?q', 'changed /b?q'],
  ['RewriteCond %{QUERY_STRING} a [OR]\nRewriteCond %{QUERY_STRING} b\nRewriteRule ^/ /c', '/a?b', 'changed /c?b'],
  ['RewriteCond %{QUERY_STRING} a\nRewriteCond %{QUERY_STRING} b\nRewriteRule ^/ /c', '/a?b', 'unchanged /a?b'],
  ['RewriteCond %{QUERY_STRING} <b\nRewriteRule ^/ /c', '/a?a', 'changed /c?a'],
  ['RewriteCond %{QUERY_STRING} <b\nRewriteRule ^/ /c', '/a?aa', 'unchanged /a?aa'],
  ['RewriteCond %{QUERY_STRING} >=b\nRewriteRule ^/ /c', '/a?b', 'changed /c?b'],
  ['RewriteCond %{QUERY_STRING} =""\nRewriteRule ^/ /c', '/a', 'changed /c'],
  ['RewriteCond %{QUERY_STRING} =AB [NC]\nRewriteRule ^/ /c', '/a?ab', 'changed /c?ab'],
  ['RewriteCond %{QUERY_STRING} -gt10\nRewriteRule ^/ /c', '/a?11', 'changed /c?11'],
  ['RewriteCond %{QUERY_STRING} "-le 10"\nRewriteRule ^/ /c', '/a?11', 'unchanged /a?11'],
  ['RewriteCond %{REQUEST_URI} !-f\nRewriteRule ^/ /c', '/a', 'changed /c'],
  ['RewriteCond %{REQUEST_URI} -d\nRewriteRule ^/ /c', '/a', 'unchanged /a'],
  ['RewriteCond expr "%{REQUEST_METHOD} =~ /^(G)/"\nRewriteRule ^/ /c%1', '/a', 'changed /cG'],
  // RewriteMap
  ['RewriteMap up int:toupper\nRewriteRule ^/(.*) /${up:$1}', '/a', 'changed /A'],
  ['RewriteMap up int:toupper\nRewriteRule ^/(.*) /${no:$1|x$1}${up:${up:$1}}', '/a', 'changed /xaA'],
] as const)
  test(`${JSON.stringify(rules)} and ${target}: ${expected}`, () => {
    const { outcome, url } = rewrite(rules, target);
    assert.equal(`${outcome} ${url}`, expected);
  });

test('E sets and takes away variables in order, CO asks for cookies, and both expand', () => {
  const { env, cookies } = rewrite('RewriteRule ^/(a) - [E=A:$1%{REQUEST_URI},E=!B,E=C,CO=n:$1:e.test]', '/a');
  assert.deepEqual([...env], [['A', 'a/a'], ['B', undefined], ['C', '']]); // biome-ignore format: one line
  assert.deepEqual(cookies, ['n:a:e.test']);
});

test('fields that a condition asks for are told in Vary when the rule matches, except with NV', () => {
  const rule = (flags: string, pattern = 'a') => `RewriteCond %{HTTP:X-A} ${pattern}${flags}\nRewriteRule ^/ -`;
  assert.deepEqual(rewrite(rule(''), '/').varies, ['X-A']);
  assert.deepEqual(rewrite(rule(' [NV]'), '/').varies, []);
  assert.deepEqual(rewrite(rule('', 'z'), '/').varies, []);
});

// RewriteEngine, RewriteOptions
for (const [text, expected] of [
  ['RewriteEngine On\nRewriteRule a b\n<VirtualHost *>\nRewriteRule c d\n</VirtualHost>', 'c'],
  ['RewriteEngine On\nRewriteRule a b\n<VirtualHost *>\n</VirtualHost>', ''],
  ['RewriteRule a b\n<VirtualHost *>\nRewriteRule c d\n</VirtualHost>', ''],
  ['RewriteEngine On\nRewriteRule a b\n<VirtualHost *>\nRewriteEngine Off\nRewriteRule c d\n</VirtualHost>', ''],
  [
    'RewriteEngine On\nRewriteRule a b\n<VirtualHost *>\nRewriteOptions Inherit\nRewriteRule c d\n</VirtualHost>',
    'c a',
  ],
  [
    'RewriteEngine On\nRewriteRule a b\n<VirtualHost *>\nRewriteOptions InheritBefore\nRewriteRule c d\n</VirtualHost>',
    'a c',
  ],
  [
    'RewriteEngine On\nRewriteOptions InheritDown\nRewriteRule a b\n<VirtualHost *>\nRewriteRule c d\n</VirtualHost>',
    'c a',
  ],
  [
    'RewriteEngine On\nRewriteOptions InheritDownBefore\nRewriteRule a b\n<VirtualHost *>\nRewriteRule c d\n</VirtualHost>',
    'a c',
  ],
  [
    'RewriteEngine On\nRewriteOptions InheritDown\nRewriteRule a b\n<VirtualHost *>\nRewriteOptions IgnoreInherit\nRewriteRule c d\n</VirtualHost>',
    'c',
  ],
] as const)
  test(`${JSON.stringify(text)}: ${expected || 'no rules'}`, () => {
    const [host] = site(text).hosts;
    assert.equal((host.rewriting?.rules ?? []).map(({ regex }) => regex.source).join(' '), expected);
  });

test('P leads to a member, a balancer, or a path on either; a host that the request would choose is refused', () => {
  const text = `<Proxy balancer://c>\nBalancerMember http://10.0.0.1:80\n</Proxy>\nRewriteEngine On
RewriteRule ^/a http://10.0.0.2:80/$1 [P]\nRewriteRule ^/b ajp://10.0.0.3:8009%{REQUEST_URI} [P]
RewriteRule ^/c balancer://c$1 [P]\nRewriteRule ^/d http://$1/ [P]\nRewriteRule ^/e http://h.$1/ [P]`;
  const targets = main(text).rewriting?.rules.map(({ proxy }) => proxy);
  assert.deepEqual(
    targets?.map((target) => (target?.kind === 'proxy' ? target.balancer : target?.kind)),
    ['http://10.0.0.2', 'ajp://10.0.0.3:8009', 'balancer://c', 'unavailable', 'unavailable'],
  );
});

// RewriteBase, RewriteOptions, RewriteEngine
for (const [outer, inner, expected] of [
  ['RewriteRule a b', 'RewriteRule c d', 'c in /x/in/ on /'],
  ['RewriteRule a b', 'RewriteOptions Inherit\nRewriteRule c d', 'c a in /x/in/ on /'],
  ['RewriteRule a b', 'RewriteOptions InheritBefore\nRewriteRule c d', 'a c in /x/in/ on /'],
  ['RewriteRule a b', 'RewriteEngine Off\nRewriteRule c d', 'c in /x/in/ off /'],
  ['RewriteBase /u\nRewriteRule a b', 'RewriteRule c d', 'c in /x/in/ on /'],
  ['RewriteBase /u\nRewriteRule a b', 'RewriteOptions MergeBase\nRewriteRule c d', 'c in /x/in/ on /u/'],
  ['RewriteBase /u\nRewriteRule a b', 'Require all granted', 'a in /x/ on /u/'],
] as const)
  test(`rules of a section ${JSON.stringify(inner)} over ${JSON.stringify(outer)}: ${expected}`, () => {
    const host = main(
      `RewriteEngine On\n<Location /x>\n${outer}\n</Location>\n<Location /x/in>\n${inner}\n</Location>`,
    );
    const { rewriting } = new HostSettings(host).forPath('/x/in/y', undefined);
    const rules = rewriting?.rules.map(({ regex }) => regex.source).join(' ');
    const state = `in ${rewriting?.directory} ${rewriting?.isOn ? 'on' : 'off'} ${rewriting?.base ?? '/'}`;
    assert.equal(`${rules} ${state}`, expected);
  });
