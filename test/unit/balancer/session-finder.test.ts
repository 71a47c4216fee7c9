// Where a session is found in a URL and in cookies. Every row was asked of httpd 2.4.71 unless it says otherwise.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultStickiness, type StickinessConfig } from '../../../src/balancer/config.ts';
import { Session, SessionFinder } from '../../../src/balancer/stickiness.ts';
import { cookieFields } from './lab.ts';

const NAMES = defaultStickiness('JSESSIONID', { pathName: 'jsessionid' });

function finder(choices: Partial<StickinessConfig> = {}): SessionFinder {
  return new SessionFinder({ ...NAMES, ...choices });
}

/** Route found in a URL; `none` when there is no session, `no route` when it has no separator. */
function routeInUrl(url: string, choices?: Partial<StickinessConfig>): string {
  const session = new Session();
  if (!finder(choices).findInUrl(url, session)) return 'none';
  return session.route ?? 'no route';
}

function routeInCookies(cookies: readonly string[], choices?: Partial<StickinessConfig>): string {
  const session = new Session();
  if (!finder(choices).findInFields(cookieFields(cookies), session)) return 'none';
  return session.route ?? 'no route';
}

const URLS: readonly (readonly [url: string, route: string])[] = [
  ['/x/p', 'none'],
  ['/x/p;jsessionid=1.b', 'b'],
  ['/x/p;jsessionid=1', 'no route'],
  ['/x/p;jsessionid=.b', 'b'],
  ['/x/p;jsessionid=1.', ''],
  ['/x/p;jsessionid=', 'none'],
  ['/x/p;jsessionid=1.b/more', 'b/more'],
  ['/x/p;jsessionid=1.b;v=2', 'b;v=2'],
  ['/x/p;JSESSIONID=1.b', 'none'],
  ['/x/p;jsessionid;jsessionid=1.b', 'b'],
  ['/x/p;jsessionid=1.b?jsessionid=1.a', 'b'],
  ['/x/p?a=jsessionid&jsessionid=1.b', 'b'],
  ['/x/p?x=jsessionid==1.b', 'b'],
  ['/x/jsessionid=1.b', 'b'],
  ['/x/p?jsessionid=1.b%26', 'b%26'],
  ['/x/p?jsessionid=&y=1.b', 'b'],
  ['/x/p?jsessionid=?&?y.b', 'b'],
  ['/x/p?jsessionid=&', 'none'],
  ['/x/p;jsessionid=?q=1', 'no route'],
  ['/x/p?ajsessionidjsessionid=1.b', 'none'],
];
for (const [url, route] of URLS)
  test(`in ${url} the route is ${route || 'empty'}`, () => assert.equal(routeInUrl(url), route));

test('with scolonpathdelim a semicolon ends the value in the URL, a slash still does not', () => {
  const choices = { semicolonEnds: true };
  assert.equal(routeInUrl('/x/p;jsessionid=1.b;v=2', choices), 'b');
  assert.equal(routeInUrl('/x/p;jsessionid=1.b/more;v', choices), 'b/more');
  assert.equal(routeInUrl('/x/p;jsessionid=;1.b', choices), 'b');
});

test('without a separator the whole value is the route', () => {
  const choices = { separator: undefined };
  assert.equal(routeInUrl('/x/p;jsessionid=1.b', choices), '1.b');
  assert.equal(routeInCookies(['JSESSIONID=b'], choices), 'b');
});

const COOKIES: readonly (readonly [cookie: string, route: string])[] = [
  ['', 'none'],
  ['a=1', 'none'],
  ['JSESSIONID=1.b', 'b'],
  ['JSESSIONID=1', 'no route'],
  ['JSESSIONID=', 'none'],
  ['JSESSIONID', 'none'],
  ['JSESSIONID=;x=1; JSESSIONID=1.b', 'no route'],
  ['JSESSIONID =1.b', 'b'],
  ['JSESSIONID= 1.b', 'b'],
  ['JSESSIONID\t=\t1.b', 'b'],
  ['x\tJSESSIONID=1.b', 'b'],
  ['x JSESSIONID=1.b', 'b'],
  ['jsessionid=1.b', 'none'],
  ['XJSESSIONID=1.b; JSESSIONID=2.a', 'a'],
  ['JSESSIONIDX=1.a; JSESSIONID=2.b', 'b'],
  ['JSESSIONID=.b', 'b'],
  ['JSESSIONID=1.b ; x', 'b '],
  ['JSESSIONID="1.b"', 'b"'],
  ['JSESSIONID=1.b,x', 'b'],
  ['a=1,JSESSIONID=q.b,c=2', 'b'],
  ['a=JSESSIONID=q.b', 'none'],
];
for (const [cookie, route] of COOKIES)
  test(`in the cookie ${JSON.stringify(cookie)} the route is ${route || 'empty'}`, () => {
    assert.equal(routeInCookies([cookie]), route);
    const session = new Session();
    finder().findInCookie(cookie, session);
    assert.equal(session.id === undefined ? 'none' : (session.route ?? 'no route'), route);
  });

test('several Cookie fields count as one joined by commas', () => {
  assert.equal(routeInCookies(['x=1', 'JSESSIONID=1.b']), 'b');
  assert.equal(routeInCookies(['JSESSIONID=', 'JSESSIONID=1.b']), 'no route');
  assert.equal(routeInCookies(['JSESSIONID', '=1.b']), 'none');
  assert.equal(routeInCookies(['JSESSIONID=1.a', 'JSESSIONID=1.b']), 'a');
});

test('a session tells where it was found, under which name, and its whole value', () => {
  const session = new Session();
  const fields = cookieFields(['JSESSIONID=c.a']);
  const facts = ({ id, route, source, name }: Session) => ({ id, route, source, name });
  assert.equal(finder().find('/x;jsessionid=u.b', fields, session), true);
  assert.deepEqual(facts(session), { id: 'u.b', route: 'b', source: 'url', name: 'jsessionid' });
  assert.equal(finder().find('/x', fields, session), true);
  assert.deepEqual(facts(session), { id: 'c.a', route: 'a', source: 'cookie', name: 'JSESSIONID' });
  assert.equal(finder().find('/x', cookieFields([]), session), false);
  assert.deepEqual(facts(session), { id: undefined, route: undefined, source: undefined, name: undefined });
});

test('a removed Cookie field is not searched', () => {
  const fields = cookieFields(['JSESSIONID=1.a', 'JSESSIONID=1.b']);
  fields.removeAt(1);
  const session = new Session();
  assert.equal(finder().findInFields(fields, session), true);
  assert.equal(session.route, 'b');
});

test('a search never leaves its field, whatever stands beside it', () => {
  const fields = cookieFields(['JSESSION']);
  fields.add('X-After', 'ID=1.b');
  assert.equal(finder().findInFields(fields, new Session()), false);
});

/** The rule as prose has it: split at `;` and `,`, strip what may stand before a name, take the first of that name. */
function firstCookie(header: string, name: string): string | undefined {
  const pieces = header.split(/[;,]/);
  for (const [i, piece] of pieces.entries()) {
    const at = piece.split('=')[0].search(new RegExp(`(^|\\s)${name}\\s*$`));
    if (at < 0 || !piece.includes('=')) continue;
    const value = piece.slice(piece.indexOf('=') + 1);
    return value === '' && i === pieces.length - 1 ? undefined : value;
  }
  return undefined;
}

test('the byte search agrees with splitting the header', () => {
  const piece = fc.stringMatching(/^[ \t]{0,2}(ID|XID|IDX|id|a b ID|ID)?[ ]?=?[ ]?[ab.]{0,3}$/);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), fc.constantFrom(';', ',', '; '), (pieces, joint) => {
      const header = pieces.join(joint);
      const session = new Session();
      finder({ cookieName: 'ID' }).findInFields(cookieFields([header]), session);
      assert.equal(session.id, firstCookie(header, 'ID'));
    }),
    { numRuns: 2000 },
  );
});
