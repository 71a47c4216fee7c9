// Ways round what guards a place: other spellings of its path. What httpd 2.4.71 answers was asked of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lab, until } from './lab.ts';

const SITE = `
ProxyPass /app http://127.0.0.1:@1/app mapping=servlet
ProxyPass /enc http://127.0.0.1:@1/enc mapping=encoded
<Proxy *>
  Header set X-Proxied yes
</Proxy>
<LocationMatch "^/(?:app|enc)/admin(?:/|$)">
  Require all denied
</LocationMatch>
<If "%{REQUEST_URI} =~ m#^/app/hidden$#">
  Require all denied
</If>
`;

async function statuses(paths: readonly string[]): Promise<string[]> {
  await using lab = await Lab.open(SITE);
  lab.backends[0].onLine = (line) =>
    line.socket.on('data', () => line.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  const told: string[] = [];
  for (const path of paths) {
    const client = lab.ask(`GET ${path} HTTP/1.1\r\nHost: front.test\r\nConnection: close\r\n\r\n`);
    await until(() => client.isOver, `the answer to ${path}`);
    told.push(`${path} ${client.statuses}`);
  }
  return told;
}

// ProxyPass mapping=servlet, Location
test('a place that servlets are asked for is guarded whatever parameters and dots its path has', async () => {
  const paths = [
    ...['/app/admin', '/app/admin;j=1', '/app/admin;j=1/x', '/app;x/admin/x', '/app/;/admin', '/app/./;x/admin'],
    ...['/app/x/..;/admin/x', '/app/x/..;a=b/admin', '/app/x/%2e%2e;/admin', '/app/adm%69n;x/y', '/app/hidden;x'],
    ...['/app/admin;x/a%2Fb', '/app/x/..;/admin/a%2Fb'],
  ];
  assert.deepEqual(
    await statuses(paths),
    paths.map((path) => `${path} 403`),
  );
  assert.deepEqual(await statuses(['/app/open;j=1', '/app/%3b/admin', '/app/admin%3bx']), [
    '/app/open;j=1 200',
    '/app/%3b/admin 200',
    '/app/admin%3bx 200',
  ]);
});

// ProxyPass mapping=encoded, Proxy
test('an encoded slash further on opens no place, with sections of Proxy either', async () => {
  const paths = ['/enc/admin/a%2Fb', '/enc/%61dmin/a%2Fb', '/app/admin/a%2Fb', '/enc/x/../admin/%2f'];
  assert.deepEqual(
    await statuses(paths),
    paths.map((path) => `${path} 403`),
  );
  assert.deepEqual(await statuses(['/enc/open/a%2Fb', '/app/open/a%2Fb']), [
    '/enc/open/a%2Fb 200',
    '/app/open/a%2Fb 200',
  ]);
});
