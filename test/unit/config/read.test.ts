// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test writes variables so.
// Reading files into a tree: sections, conditions, includes, variables, macros, places and bounds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryFiles } from '../../../src/config/files.ts';
import { Findings, formatFinding } from '../../../src/config/finding.ts';
import { isKnownDirective } from '../../../src/config/httpd/directives.ts';
import { type ReadOptions, readTree } from '../../../src/config/httpd/read.ts';
import type { ConfigNode, ConfigTree } from '../../../src/config/httpd/tree.ts';
import { CONFIG_LIMITS } from '../../../src/config/limits.ts';

interface Reading {
  readonly tree: ConfigTree;
  readonly codes: string[];
  readonly messages: string[];
}

function read(
  text: string,
  files: Record<string, string | Uint8Array> = {},
  options: Partial<ReadOptions> = {},
): Reading {
  const findings = new Findings();
  const tree = readTree(
    {
      serverRoot: '/srv',
      file: 'httpd.conf',
      files: new MemoryFiles({ '/srv/httpd.conf': text, ...files }),
      isKnown: isKnownDirective,
      ...options,
    },
    findings,
  );
  return { tree, codes: findings.list.map((one) => one.code), messages: findings.list.map(formatFinding) };
}

/** `Name(words)@file:line` of every node, sections with their children in brackets. */
function show(nodes: readonly ConfigNode[]): string {
  return nodes
    .map((node) => {
      const own = `${node.name}(${node.words.join(',')})@${node.place.file.replace('/srv/', '')}:${node.place.line}`;
      return node.kind === 'section' ? `${own}[${show(node.children)}]` : own;
    })
    .join(' ');
}

test('sections nest and every node knows its line', () => {
  const { tree, codes } = read('A 1\n<VirtualHost *:80>\n B 2\n <Location /x>\n  C\n </Location>\n</VirtualHost>\nD');
  assert.deepEqual(codes, []);
  assert.equal(
    show(tree.nodes),
    'A(1)@httpd.conf:1 VirtualHost(*:80)@httpd.conf:2[B(2)@httpd.conf:3 Location(/x)@httpd.conf:4[C()@httpd.conf:5]] D()@httpd.conf:8',
  );
});

test('names of sections close in any letter case', () => {
  assert.deepEqual(read('<location /a>\n</Location>').codes, []);
});

for (const [text, code] of [
  ['<A x>', 'section-not-closed'],
  ['</A>', 'section-not-open'],
  ['<A x>\n</B>\n</A>', 'section-mismatch'],
  ['<A x>\n<B y>\n</A>', 'section-mismatch'],
  ['<A x\n</A>', 'section-not-ended'],
  ['<A x>\n</A >', 'section-not-ended'],
  ['<A x> # c\n</A>', 'text-after-section'],
  ['<IfDefine>\n</IfDefine>', 'bad-condition'],
  ['<IfVersion >>= 2>\n</IfVersion>', 'bad-condition'],
  ['Define', 'argument-count'],
  ['Define a:b c', 'bad-value'],
  ['ServerRoot /nope', 'file-missing'],
  ['Error stop here', 'error-directive'],
  ['Use nothing', 'macro-unknown'],
  ['UndefMacro nothing', 'macro-unknown'],
  ['<Macro>\n</Macro>', 'argument-count'],
  ['<Macro m $a $a>\n</Macro>', 'bad-value'],
  ['<Macro m $a>\n</Macro>\nUse m', 'argument-count'],
  ['<Macro m $a>\nUse m $a\n</Macro>\nUse m 1', 'macro-recursive'],
] as const)
  test(`${JSON.stringify(text)} is told as ${code}`, () => {
    const { codes } = read(text);
    assert.equal(codes[0], code);
  });

test('a mismatched end closes the section it names, so that one mistake is one finding', () => {
  const { tree, codes } = read('<A x>\n<B y>\nC\n</A>\nD');
  assert.deepEqual(codes, ['section-mismatch']);
  assert.equal(show(tree.nodes).endsWith(' D()@httpd.conf:5'), true);
});

test('a false condition skips what is within, sections and includes too', () => {
  const { tree, codes } = read('<IfModule no>\nInclude nope.conf\n<Foo>\nBar ${NOPE}\n</Foo>\n</IfModule>\nA');
  assert.deepEqual(codes, []);
  assert.equal(show(tree.nodes), 'A()@httpd.conf:7');
});

test('a true condition leaves its lines where it stands', () => {
  const { tree } = read('<Location /a>\n<IfModule mod_proxy.c>\nA\n</IfModule>\nB\n</Location>');
  assert.equal(show(tree.nodes), 'Location(/a)@httpd.conf:1[A()@httpd.conf:3 B()@httpd.conf:5]');
});

for (const [condition, holds] of [
  ['IfModule proxy_ajp_module', true],
  ['IfModule !mod_proxy.c', false],
  ['IfModule ssl_module', false],
  ['IfModule mpm_event_module', false],
  ['IfModule core.c', true],
  ['IfDefine YES', true],
  ['IfDefine !YES', false],
  ['IfVersion >= 2.4', true],
  ['IfVersion < 2.4.71', false],
  ['IfVersion 2.4.71', true],
  ['IfVersion = 2.4', false],
  ['IfVersion !>= 2.5', true],
  ['IfVersion ~ ^2\\.4', true],
  ['IfVersion /^2\\.2/', false],
  ['IfFile extra.conf', true],
  ['IfFile !/srv/extra.conf', false],
  ['IfDirective ProxyPass', true],
  ['IfDirective Nothing', false],
  ['IfSection Proxy', true],
] as const)
  test(`<${condition}> ${holds ? 'holds' : 'does not hold'}`, () => {
    const name = condition.split(' ')[0];
    const { tree } = read(`<${condition}>\nA\n</${name}>`, { '/srv/extra.conf': '' }, { defines: ['YES'] });
    assert.equal(tree.nodes.length, holds ? 1 : 0);
  });

test('LoadModule makes a module known to conditions after it', () => {
  const { tree } = read(
    '<IfModule ssl_module>\nA\n</IfModule>\nLoadModule ssl_module m.so\n<IfModule mod_ssl.c>\nB\n</IfModule>',
  );
  assert.equal(show(tree.nodes), 'B()@httpd.conf:6');
  assert.deepEqual([...tree.modules], ['ssl']);
});

test('a variable holds from its Define on, and may hold several words or a directive', () => {
  const { tree, messages } = read(
    'A ${X}\nDefine X "b c"\nA ${X}\nDefine D Server\n${D}Name x\n<IfDefine D>\nB\n</IfDefine>\nUnDefine X\nA ${X}',
  );
  assert.equal(
    show(tree.nodes),
    'A(${X})@httpd.conf:1 A(b,c)@httpd.conf:3 ServerName(x)@httpd.conf:5 B()@httpd.conf:7 A(${X})@httpd.conf:10',
  );
  assert.equal(messages.length, 2);
  assert.match(messages[0], /^\/srv\/httpd\.conf:1: warning: \$\{X\} .*\(undefined-variable\)$/);
});

test('the environment stands behind Define, and -D names may bring a value', () => {
  const { tree } = read('A ${E} ${V}', {}, { environment: { E: 'env', V: 'env' }, defines: ['V=cmd'] });
  assert.equal(show(tree.nodes), 'A(env,cmd)@httpd.conf:1');
});

test('-C lines come before the file and -c lines after it', () => {
  const { tree } = read('B', {}, { before: ['A 1'], after: ['C 1', 'D'] });
  assert.equal(show(tree.nodes), 'A(1)@-C:1 B()@httpd.conf:1 C(1)@-c:1 D()@-c:1');
});

test('an include is read in place, wildcards in name order, hidden files left out', () => {
  const { tree, codes } = read('Include conf.d/*.conf\nInclude dir\nB', {
    '/srv/conf.d/20.conf': 'A 20',
    '/srv/conf.d/10.conf': 'A 10',
    '/srv/conf.d/.x.conf': 'A hidden',
    '/srv/conf.d/y.txt': 'A text',
    '/srv/dir/z': 'A z',
    '/srv/dir/sub/a': 'A a',
  });
  assert.deepEqual(codes, []);
  assert.equal(
    show(tree.nodes),
    'A(10)@conf.d/10.conf:1 A(20)@conf.d/20.conf:1 A(a)@dir/sub/a:1 A(z)@dir/z:1 B()@httpd.conf:3',
  );
  assert.deepEqual(tree.files.slice(0, 2), ['/srv/httpd.conf', '/srv/conf.d/10.conf']);
});

test('wildcards may stand for directories', () => {
  const { tree } = read('Include sites/*/vhost.conf', {
    '/srv/sites/b/vhost.conf': 'B',
    '/srv/sites/a/vhost.conf': 'A',
    '/srv/sites/c/x': '',
  });
  assert.equal(show(tree.nodes), 'A()@sites/a/vhost.conf:1 B()@sites/b/vhost.conf:1');
});

test('ServerRoot moves relative includes after it', () => {
  const { tree } = read('ServerRoot /other\nInclude a.conf', { '/other/a.conf': 'A' });
  assert.equal(tree.serverRoot, '/other');
  assert.equal(tree.nodes.length, 1);
});

for (const line of ['Include nope.conf', 'Include nope/*.conf'])
  test(`${line} is an error unless files are assumed or it is optional`, () => {
    assert.match(read(line).messages[0], /: error: Include: .*\(file-missing\)/);
    assert.match(read(line, {}, { assumeFiles: true }).messages[0], /: warning: /);
    assert.deepEqual(read(line.replace('Include', 'IncludeOptional')).messages, []);
  });

test('a section must end in the file it begins in', () => {
  const { codes } = read('<Location /a>\nInclude b.conf\n</Location>', { '/srv/b.conf': '</Location>\n<Files x>' });
  assert.deepEqual(codes, ['section-not-open', 'section-not-closed']);
});

test('a macro is its lines with values in the place of parameters, longest name first', () => {
  const { tree, codes } = read(
    '<Macro Mem $p $port>\nBalancerMember http://h:$port route=$p\n</Macro>\n<Proxy balancer://c>\nUse mem a 81\nUse Mem b 82\n</Proxy>',
  );
  assert.deepEqual(codes, []);
  const [proxy] = tree.nodes;
  assert.ok(proxy.kind === 'section');
  assert.deepEqual(
    proxy.children.map((child) => child.raw),
    ['http://h:81 route=a', 'http://h:82 route=b'],
  );
  assert.deepEqual(proxy.children[1].place, { file: '/srv/httpd.conf (macro Mem used at /srv/httpd.conf:6)', line: 2 });
});

test('a parameter without a sign is warned about, and a macro defined again too', () => {
  assert.deepEqual(read('<Macro m a>\n</Macro>\n<Macro M>\n</Macro>').codes, ['macro-parameter', 'macro-again']);
});

test('octets that are no UTF-8 survive', () => {
  const { tree } = read('', { '/srv/httpd.conf': Buffer.from([0x41, 0x20, 0xe9, 0x20, 0xc3, 0xa9]) });
  assert.deepEqual(tree.nodes[0].words, ['\u00e9', '\u00c3\u00a9']);
});

test('files that include each other end at a named limit', () => {
  const { codes } = read('Include a.conf', { '/srv/a.conf': 'Include httpd.conf' });
  assert.deepEqual(codes, ['config-limit']);
});

test('macros that multiply end at a named limit', () => {
  const macros = Array.from({ length: 12 }, (_, i) => `<Macro m${i + 1}>\n${`Use m${i}\n`.repeat(9)}</Macro>`).join(
    '\n',
  );
  const { codes, tree } = read(`<Macro m0>\nA\n</Macro>\n${macros}\nUse m12`);
  assert.deepEqual(codes, ['config-limit']);
  assert.ok(tree.nodes.length <= CONFIG_LIMITS.directives);
});

test('sections within sections end at a named limit', () => {
  assert.ok(read('<A>\n'.repeat(100)).codes.includes('config-limit'));
  assert.ok(read(`<IfModule no>\n${'<A>\n'.repeat(100)}`).codes.includes('config-limit'));
});

test('a line past its limit ends the reading', () => {
  assert.deepEqual(read(`A ${'x'.repeat(CONFIG_LIMITS.lineBytes)}`).codes, ['config-limit']);
});

test('a main file that is not there is an error even when files are assumed', () => {
  assert.match(
    read('', {}, { file: 'gone.conf', assumeFiles: true }).messages[0],
    /error: cannot read \/srv\/gone\.conf/,
  );
});
