// Expressions where a mistake or a client could do harm: what cannot be evaluated, what a request brings into names and
// paths, and what waits for an answer about a user.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fetchOnce, headerOf } from '../support/client.ts';
import { Front, UNDER_TEST } from '../support/front.ts';
import { until } from '../support/port.ts';

test('a condition that cannot be evaluated answers 500: neither what it guards nor its Else is in force', async () => {
  await using front = await Front.start(UNDER_TEST, {
    conf: `<Location /guarded>
<If "file('/nosuch') == 'x'">
Require all denied
</If>
<Else>
Header always set X-Else yes
</Else>
</Location>
<Location /set>
SetEnvIfExpr "file('/nosuch') == 'x'" A
</Location>
<Location /sent>
Redirect "/%{file:/nosuch}"
</Location>
<Location /named>
Alias "%{file:/nosuch}"
</Location>
<Location /entered>
Require expr file('/nosuch') == 'x'
</Location>
<Location /shown>
ErrorDocument 404 "%{file:/nosuch}"
</Location>`,
  });
  for (const path of ['/guarded', '/set', '/sent', '/named', '/entered']) {
    const answer = await fetchOnce(front.port, { path });
    assert.equal(answer.status, 500, path);
    assert.equal(headerOf(answer, 'x-else'), undefined);
  }
  assert.equal((await fetchOnce(front.port, { path: '/shown' })).status, 404);
  assert.equal((await fetchOnce(front.port, { path: '/local.txt' })).status, 200);
});

test('an error page that stands behind a condition without answer ends in the error itself', async () => {
  await using front = await Front.start(UNDER_TEST, {
    conf: `ErrorDocument 404 /page.txt\n<Location /page.txt>\n<If "file('/nosuch') == 'x'">\n</If>\n</Location>`,
    files: { 'htdocs/page.txt': 'page\n' },
  });
  const answer = await fetchOnce(front.port, { path: '/nope' });
  assert.equal(answer.status, 404);
  assert.match(answer.body.toString(), /<h1>404/);
});

test('what a request brings into the name of a field never reaches Vary, nor ends a field', async () => {
  await using front = await Front.start(UNDER_TEST, {
    conf: `SetEnvIfExpr "-n req(unescape(%{QUERY_STRING}))" A
Header set X-R "expr=%{unescape:%{QUERY_STRING}}"
<Location /to>
Redirect "/x?%{unescape:%{QUERY_STRING}}"
</Location>`,
  });
  const evil = await fetchOnce(front.port, { path: '/local.txt?a%0d%0aX-Evil:%201' });
  assert.equal(evil.status, 200);
  assert.equal(headerOf(evil, 'x-evil'), undefined);
  assert.equal(headerOf(evil, 'vary'), undefined);
  const sent = await fetchOnce(front.port, { path: '/to?a%0d%0aX-Evil:%201' });
  assert.equal(headerOf(sent, 'x-evil'), undefined);
  assert.match(headerOf(sent, 'location') ?? '', /\/x\?a%0d%0aX-Evil:%201$/);
  assert.equal(headerOf(await fetchOnce(front.port, { path: '/local.txt?X-In' }), 'vary'), 'X-In');
});

test('what a request brings into an Alias leads no way up', async () => {
  await using front = await Front.start(UNDER_TEST, {
    conf: '<Location /al>\nAlias @DIR@/htdocs/sub/%{req:X-File}\n</Location>',
    files: { 'htdocs/sub/a.txt': 'a\n', 'secret.txt': 'secret\n' },
  });
  for (const [file, status] of [
    ['a.txt', 200],
    ['../../secret.txt', 404],
    ['/../../../../../../etc/passwd', 404],
    ['a.txt/../../../secret.txt', 404],
  ] as const)
    assert.equal((await fetchOnce(front.port, { path: '/al', headers: [['X-File', file]] })).status, status, file);
});

test('a CustomLog whose condition cannot be evaluated writes its line', async () => {
  await using front = await Front.start(UNDER_TEST, {
    conf: `CustomLog @DIR@/log "%U" "expr=file('/nosuch') == 'x'"`,
  });
  await fetchOnce(front.port, { path: '/local.txt' });
  await until(() => readFileSync(join(front.dir, 'log'), 'latin1') === '/local.txt\n', 5000);
  assert.equal(readFileSync(join(front.dir, 'log'), 'latin1'), '/local.txt\n');
});

test('Require expr stands beside Require user: a password is asked for only where it could help', async () => {
  await using front = await Front.start(UNDER_TEST, {
    conf: `<Location />
AuthType Basic
AuthName x
AuthUserFile @DIR@/users
<RequireAll>
Require valid-user
Require expr %{QUERY_STRING} == 'a'
</RequireAll>
</Location>`,
    files: { users: 'u:{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs=\n' },
  });
  const headers = [['Authorization', `Basic ${Buffer.from('u:123456').toString('base64')}`]] as const;
  const status = async (path: string, isKnown: boolean) =>
    (await fetchOnce(front.port, { path, headers: isKnown ? headers : [] })).status;
  assert.deepEqual(
    [
      await status('/local.txt?a', false),
      await status('/local.txt?a', true),
      await status('/local.txt?b', false),
      await status('/local.txt?b', true),
    ],
    [401, 200, 403, 403],
  );
});
