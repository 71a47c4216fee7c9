// CatflapProbe: where it may stand, and for which balancers it counts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, site, told } from './support.ts';

const members = (name: string, inside = '') =>
  `<Proxy balancer://${name}>\nBalancerMember ajp://h\n${inside}\n</Proxy>`;

test('CatflapProbe counts for the balancers of its host, or for the one in whose section it stands', () => {
  const { balancers } = site(
    `${members('a')}\n${members('b', 'CatflapProbe 500ms')}\n${members('c', 'CatflapProbe Off')}\nCatflapProbe On
<VirtualHost *:18000>\n${members('d')}\n</VirtualHost>
<VirtualHost *:18000>\nCatflapProbe 7\n${members('e')}\n<Proxy balancer://a>\nProxySet lbmethod=bytraffic\n</Proxy>\n</VirtualHost>`,
  );
  const seen = [...balancers.values()].map((one) => `${one.name} ${one.probeMs}`);
  assert.deepEqual(seen.sort(), ['a 2000', 'a 7000', 'b 500', 'c 0', 'd 2000', 'e 7000']);
  assert.equal(site(members('a')).balancers.get('balancer://a')?.probeMs, 0);
});

test('CatflapProbe may stand within <IfModule catflap_module>, which httpd passes over', () => {
  const { balancers } = site(`<IfModule catflap_module>\nCatflapProbe On\n</IfModule>\n${members('a')}`);
  assert.equal(balancers.get('balancer://a')?.probeMs, 2000);
});

for (const [text, code] of [
  ['CatflapProbe', 'argument-count'],
  ['CatflapProbe maybe', 'bad-value'],
  ['CatflapProbe 0', 'bad-value'],
  ['CatflapProbe 50ms', 'bad-value'],
] as const)
  test(`${text} is refused`, () => {
    assert.deepEqual(told(load(text)), [`error ${code} 1`]);
  });

test('CatflapProbe is refused in a section that is no balancer', () => {
  assert.deepEqual(told(load('<Location /x>\nCatflapProbe On\n</Location>')), ['error bad-value 2']);
  assert.deepEqual(told(load('<Proxy http://h>\nCatflapProbe On\n</Proxy>')), ['error bad-value 2']);
});
