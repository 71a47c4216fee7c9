// The user whom the front has asked for a password, as a real Tomcat with tomcatAuthentication="false" sees him, beside
// what httpd tells it; the client's address that a proxy in front has named, likewise.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fetchOnce, headerOf } from '../support/client.ts';
import { Front, type FrontKind, UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { Tomcat } from '../support/tomcat.ts';

const data = (name: string) => readFileSync(new URL(`../data/credentials/${name}`, import.meta.url), 'latin1');
const MODULES = ['auth_basic', 'authn_file', 'authz_groupfile', 'remoteip'];
const loads = MODULES.map(
  (name) =>
    `<IfModule !${name}_module>\nLoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n</IfModule>\n`,
).join('');

function configuration(ajpPort: number): string {
  return `${loads}
LogFormat "%u %a" users
CustomLog @DIR@/users.log users
RemoteIPHeader X-Client
RemoteIPInternalProxy 127.0.0.1
ProxyPass /webapp ajp://127.0.0.1:${ajpPort}/webapp
<Location /webapp>
  AuthType Basic
  AuthName "the \\"front\\""
  AuthUserFile @DIR@/users
  AuthGroupFile @DIR@/groups
  Require group staff
  Require user bea
</Location>
<Location /webapp/open>
  Require all granted
</Location>
<Location /webapp/fake>
  AuthBasicFake "%{REMOTE_USER}@front" secret
</Location>
`;
}

const as = (user: string, password = `${user}-pw`): [string, string] => [
  'Authorization',
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
];

describe('the users of a Tomcat behind the front', needs('tomcat', 'httpd'), () => {
  let tomcat: Tomcat;
  before(async () => {
    tomcat = await Tomcat.start({ ajpAttributes: 'tomcatAuthentication="false"' });
  });
  after(() => tomcat.stop());

  /** What the Tomcat was told, or how the front answered. */
  async function told(kind: FrontKind): Promise<unknown[]> {
    const files = { users: data('users'), groups: data('groups') };
    await using front = await Front.start(kind, { conf: configuration(tomcat.ajpPort), files });
    const answers: unknown[] = [];
    for (const path of ['/webapp/x', '/webapp/open/x', '/webapp/fake/x'])
      for (const headers of [
        [],
        [as('bea')],
        [as('sha')],
        [as('s256'), ['X-Client', '10.1.2.3']],
        [as('md5')],
        [as('bea', 'x')],
      ])
        for (const method of ['GET', 'POST']) {
          const request = { path, method, headers: headers as [string, string][] };
          const answer = await fetchOnce(
            front.port,
            method === 'POST' ? { ...request, body: 'x'.repeat(9000) } : request,
          );
          const asked = headerOf(answer, 'www-authenticate');
          if (answer.status !== 200) answers.push(`${path} ${answer.status} ${asked}`);
          else {
            const { remoteUser, authType, remoteAddr, headers: sent } = JSON.parse(answer.body.toString());
            answers.push({ path, remoteUser, authType, remoteAddr, authorization: sent.authorization });
          }
        }
    return answers;
  }

  test('it knows whom the front knows, by the same name and kind', async () => {
    const answers = await told(UNDER_TEST);
    assert.deepEqual(answers, await told('httpd'));
    assert.equal(answers[0], '/webapp/x 401 Basic realm="the \\"front\\""');
    assert.partialDeepStrictEqual(answers[2], { remoteUser: 'bea', authType: 'Basic', remoteAddr: '127.0.0.1' });
    assert.partialDeepStrictEqual(answers[6], { remoteUser: 's256', remoteAddr: '10.1.2.3' });
    assert.partialDeepStrictEqual(answers[12], { path: '/webapp/open/x', remoteUser: null, authType: null });
  });
});
