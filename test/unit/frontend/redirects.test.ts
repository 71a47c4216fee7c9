// Redirect and RedirectMatch over compiled rules; expected values observed on httpd 2.4.71.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_SUBJECT } from '../../../src/config/expression/expression.ts';
import { MemoryFiles } from '../../../src/config/files.ts';
import { findRedirect, redirectOf } from '../../../src/frontend/redirects.ts';
import { loadSite } from '../../../src/site/load.ts';
import { HostSettings } from '../../../src/site/settings.ts';

const conf = `Listen 80
Redirect 403 /private
Redirect /old /new
Redirect permanent /abs http://other.test/z
RedirectMatch 302 ^/m/(.*)\\.gif$ /i/$1.png
Redirect gone /gone
Redirect /pathq /q?x=1
<Location /loc>
Redirect 307 /there
</Location>
<Location /locx>
Redirect 302 http://o.test/locx
</Location>
`;
const { snapshot, findings } = loadSite({
  file: '/site/httpd.conf',
  files: new MemoryFiles({ '/site/httpd.conf': conf }),
});
assert.ok(snapshot, JSON.stringify(findings));
const host = snapshot.mainHost;

describe('a redirect at server level', () => {
  const rows: [path: string, query: string | undefined, status: number | undefined, location: string | undefined][] = [
    ['/private/f', undefined, 403, undefined],
    ['/old', undefined, 302, '/new'],
    ['/old/a b', 'q=1', 302, '/new/a%20b?q=1'],
    ['/oldx', undefined, undefined, undefined],
    ['/abs/y', 'z=2', 301, 'http://other.test/z/y?z=2'],
    ['/m/a.gif', 'x=1', 302, '/i/a.png?x=1'],
    ['/gone', undefined, 410, undefined],
    ['/pathq/z', undefined, 302, '/q?x=1/z'],
    ['/pathq', 'y=2', 302, '/q?x=1'],
    ['/old/a;b?c', undefined, 302, '/new/a;b%3fc'],
  ];
  for (const [path, query, status, location] of rows) {
    it(`${status === undefined ? 'leaves' : 'answers'} ${path}${query === undefined ? '' : `?${query}`} ${status ?? 'alone'} ${location ?? ''}`, () => {
      const found = findRedirect(host.redirectRules, path, query);
      assert.deepEqual(found, status === undefined ? undefined : { status, location });
    });
  }
});

describe('a redirect of a section', () => {
  it('sends everything in it to one place, the query along', () => {
    const settings = new HostSettings(host);
    assert.deepEqual(redirectOf(settings.forPath('/loc/x', undefined), '/loc/x', undefined, { subject: NO_SUBJECT }), {
      status: 307,
      location: '/there',
    });
    const elsewhere = redirectOf(settings.forPath('/locx/y/z', undefined), '/locx/y/z', 'a=b', { subject: NO_SUBJECT });
    assert.deepEqual(elsewhere, { status: 302, location: 'http://o.test/locx?a=b' });
    assert.equal(
      redirectOf(settings.forPath('/locy', undefined), '/locy', undefined, { subject: NO_SUBJECT }),
      undefined,
    );
  });
});
