// What the status worker answers, byte for byte. The files in test/data/jk-status were compared with mod_jk 1.2.48's own
// answers (all but the footer of pages); UPDATE_GOLDEN=1 writes them anew.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { htmlText } from '../../../../src/admin/jk-status/html.ts';
import { type MachineFormat, machineText } from '../../../../src/admin/jk-status/machine.ts';
import { propFormat } from '../../../../src/admin/jk-status/prop.ts';
import { readQuery } from '../../../../src/admin/jk-status/query.ts';
import { txtFormat } from '../../../../src/admin/jk-status/txt.ts';
import type { JkStatusView } from '../../../../src/admin/jk-status/view.ts';
import { xmlFormat } from '../../../../src/admin/jk-status/xml.ts';
import { LB, member, VIEW } from './view.ts';

before(() => {
  process.env.TZ = 'UTC';
});

interface Wanted {
  readonly view?: JkStatusView;
  readonly error?: string;
  readonly css?: string;
  readonly isReadOnly?: boolean;
  readonly format?: MachineFormat;
  readonly path?: string;
}

function answer(text: string | undefined, wanted: Wanted = {}): string {
  const { view = VIEW, error, css, isReadOnly = false, format, path = '/jkstatus' } = wanted;
  const query = readQuery(text);
  const formats = {
    xml: xmlFormat({ ns: 'jk:', xmlns: 'xmlns:jk="http://tomcat.apache.org"', doctype: undefined }),
    txt: txtFormat(),
    prop: propFormat('worker'),
  };
  const page = { path, query, view, error };
  if (query.mime === 'html') return htmlText({ ...page, css, isReadOnly });
  return machineText(format ?? formats[query.mime ?? 'prop'], page);
}

function sameAsFile(name: string, text: string): void {
  const file = new URL(`../../../data/jk-status/${name}`, import.meta.url);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text, 'latin1');
  assert.equal(text, readFileSync(file, 'latin1'));
}

// list, version and dump, in html, xml, txt and prop
for (const mime of ['html', 'xml', 'txt', 'prop'])
  for (const command of ['list', 'version', 'dump'])
    test(`${command} as ${mime} is what scripts know`, () => {
      sameAsFile(`${command}.${mime}`, answer(`cmd=${command}&mime=${mime}`));
    });

// cmd=show
for (const [name, query] of [
  ['show-lb.xml', 'cmd=show&w=lb&mime=xml'],
  ['show-member.txt', 'cmd=show&w=lb&sw=b&mime=txt'],
  ['show-member.html', 'cmd=show&w=lb&sw=b&mime=html'],
  ['show-ajp.html', 'cmd=show&w=solo&mime=html'],
  ['show-ajp.prop', 'cmd=show&w=solo&mime=prop'],
])
  test(`show of one worker or member is ${name}`, () => sameAsFile(name, answer(query)));

// cmd=edit, att
for (const [name, query] of [
  ['edit-lb.html', 'cmd=edit&from=list&w=lb'],
  ['edit-member.html', 'cmd=edit&from=show&w=lb&sw=b&psw=b'],
  ['edit-ajp.html', 'cmd=edit&from=list&w=solo'],
  ['edit-att-vwa.html', 'cmd=edit&from=list&w=lb&att=vwa'],
  ['edit-att-vwn.html', 'cmd=edit&from=list&w=lb&att=vwn'],
])
  test(`the form of ${query} is ${name}`, () => sameAsFile(name, answer(query)));

// re, opt
test('a page that reads itself again, with parts hidden', () => {
  sameAsFile('refresh.html', answer('re=10&opt=6'));
  sameAsFile('hidden.html', answer('opt=511'));
});

// read_only, css
test('a page that takes no changes and has a style sheet', () => {
  const text = answer(undefined, { isReadOnly: true, css: '/c.css' });
  sameAsFile('read-only.html', text);
  assert.doesNotMatch(text, /cmd=(edit|reset|recover)|Read Only<\/a>/);
});

// opt bits
test('bits of opt leave out members, maps, lb workers and ajp workers in every format', () => {
  assert.doesNotMatch(answer('mime=txt&opt=1'), /^Member:/m);
  assert.doesNotMatch(answer('mime=txt&opt=2'), /^Map:/m);
  assert.doesNotMatch(answer('mime=prop&opt=8'), /lb/);
  assert.doesNotMatch(answer('mime=xml&opt=16'), /jk:ajp/);
  assert.deepEqual(
    answer('mime=txt&opt=511')
      .split('\n')
      .map((line) => line.split(':')[0]),
    ['Server', 'Time', 'Software', 'Result', ''],
  );
});

// ns, xmlns, doctype, prefix
test('name space, document type and prefix are the worker’s own', () => {
  const xml = answer('cmd=version&mime=xml', {
    format: xmlFormat({ ns: 'x:', xmlns: 'xmlns:x="urn:x"', doctype: '<!DOCTYPE status>' }),
  });
  assert.ok(xml.includes('?>\n<!DOCTYPE status>\n<x:status\n  xmlns:x="urn:x">\n<x:server\n'), xml);
  assert.ok(xml.endsWith('</x:status>\n'));
  assert.match(answer('cmd=version&mime=prop', { format: propFormat('pfx') }), /^pfx\.server_name=/);
});

test('a result stands in each format as scripts look for it', () => {
  const error = 'Could not find given worker';
  assert.equal(answer('cmd=show&w=q&mime=txt', { error }), `Result: type=ERROR message="${error}"\n`);
  assert.equal(
    answer('cmd=show&w=q&mime=prop', { error }),
    `worker.result.type=ERROR\nworker.result.message=${error}\n`,
  );
  assert.ok(
    answer('cmd=show&w=q&mime=xml', { error }).includes(
      `  <jk:result\n    type="ERROR"\n    message="${error}"\n  />\n`,
    ),
  );
  assert.ok(answer('cmd=show&w=q', { error }).includes(`<p><b>Result: ERROR - ${error}</b><br/>`));
  assert.equal(answer('cmd=update&w=lb&mime=txt'), 'Result: type=OK message="Action finished"\n');
});

// from
test('after a change the page goes back to where the link was', () => {
  const text = answer('cmd=update&from=show&w=lb&sw=b&psw=b&vwf=3&opt=4');
  assert.ok(text.includes('content="3;url=/jkstatus?cmd=show&amp;w=lb&amp;sw=b&amp;opt=4">'), text);
  assert.match(text, /Result: OK - You will be redirected in 3 seconds\./);
});

// J-SEC-02
test('what a request says cannot break out of a page', () => {
  const hostile = 'cmd=list&w=%22%3E%3Cscript%3E&a%22b=%26lt;&x"y=%27&opt=32';
  for (const text of [answer(hostile), answer(hostile, { path: '/jk"><script>' })]) {
    assert.doesNotMatch(text, /<script|x"y/);
    assert.ok(text.includes('name="w" value="@@@script@"'), text);
    assert.ok(text.includes('name="a%22b" value="&amp;lt;"'), text);
    assert.ok(text.includes('name="x@y" value="\'"'), text);
  }
});

test('what the configuration says cannot break out of a page either', () => {
  const odd = member('a', 1, { route: '<b>"&', redirect: "'", domain: '</td>' });
  const view = { ...VIEW, workers: [{ ...LB, members: [odd] }] };
  const html = answer('cmd=show&w=lb', { view });
  assert.ok(html.includes(`<td>&lt;b&gt;&quot;&amp;</td><td>'</td><td>&lt;/td&gt;</td>`), html);
  assert.ok(answer('cmd=show&w=lb&mime=xml', { view }).includes('route="&lt;b&gt;&quot;&amp;"'));
  assert.ok(answer('cmd=edit&w=lb&sw=a', { view }).includes('value="&lt;b&gt;&quot;&amp;"'));
});

test('a worker that has no form says so', () => {
  assert.match(answer('cmd=edit&w=st'), /Result: ERROR - Error in generating this worker's configuration form\./);
});
