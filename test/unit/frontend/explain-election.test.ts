// What `explain` says of sessions and of the member that would be chosen.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLUSTER, explain, withCookie } from './explaining.ts';

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
