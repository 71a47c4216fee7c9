// What happens to a request in which order: mapping, redirects, access, headers, error documents, by the whole program.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Answer, fetchOnce, headerOf } from '../support/client.ts';
import { FakeBackends } from '../support/fake-backends.ts';
import { Front } from '../support/front.ts';

describe('the phases of a request', () => {
  let backends: FakeBackends;
  let front: Front;

  before(async () => {
    backends = await FakeBackends.start();
    const member = `http://127.0.0.1:${backends.ports.http.a}`;
    front = await Front.start('catflap', {
      conf: `
Redirect 403 /private
Redirect /px /nowhere
ProxyPass /px ${member}/px
ProxyPass /up ${member}/up
<Location /up/moved>
Redirect 307 /there
</Location>
<Location /up/closed>
Require all denied
</Location>
Header always set X-Always yes
Header set X-Answer yes
ErrorDocument 404 /up/page
ErrorDocument 403 "keep out"
SetHandler none
<Location /unknown>
SetHandler no-such-handler
</Location>
<Location /manager>
SetHandler balancer-manager
Require ip 10.0.0.1
</Location>
<Location /open-manager>
SetHandler balancer-manager
</Location>
ProxyPass /open-manager ${member}/leak
`,
      files: { 'htdocs/private/secret.txt': 'secret\n', 'htdocs/unknown/x.php': '<?php\n' },
    });
  });

  after(async () => {
    await front.stop();
    await backends.stop();
  });

  async function get(path: string): Promise<Answer> {
    return fetchOnce(front.port, { path });
  }

  it('lets ProxyPass win over a Redirect at server level', async () => {
    assert.equal(headerOf(await get('/px/x'), 'X-Member'), 'a');
  });

  it('lets a Redirect of a section win over ProxyPass', async () => {
    const answer = await get('/up/moved/x?q=1');
    assert.equal(answer.status, 307);
    assert.equal(headerOf(answer, 'Location'), 'http://www.example.test/there?q=1');
  });

  it('turns away with a Redirect status before a file is looked at', async () => {
    const answer = await get('/private/secret.txt');
    assert.equal(answer.status, 403);
    assert.equal(String(answer.body), 'keep out');
  });

  it('asks access rules before it proxies', async () => {
    assert.equal((await get('/up/closed/x')).status, 403);
  });

  it('sends Header fields with answers, and only the always ones with its own error pages', async () => {
    const good = await get('/up/x');
    assert.equal(headerOf(good, 'X-Always'), 'yes');
    assert.equal(headerOf(good, 'X-Answer'), 'yes');
    const own = await get('/private/x');
    assert.equal(headerOf(own, 'X-Always'), 'yes');
    assert.equal(headerOf(own, 'X-Answer'), undefined);
  });

  it('answers with an error document from a backend under the status of the error', async () => {
    const answer = await get('/missing');
    assert.equal(answer.status, 404);
    assert.equal(headerOf(answer, 'X-Member'), 'a');
    assert.equal(JSON.parse(String(answer.body)).target, '/up/page');
  });

  it('never sends a file whose handler it does not have', async () => {
    const answer = await get('/unknown/x.php');
    assert.equal(answer.status, 500);
    assert.doesNotMatch(String(answer.body), /php/);
  });

  it('keeps a manager closed to those its rules keep out, and shows it to others instead of proxying it', async () => {
    assert.equal((await get('/manager')).status, 403);
    const answer = await get('/open-manager');
    assert.equal(answer.status, 200);
    assert.match(String(answer.body), /Load Balancer Manager/);
    assert.equal(headerOf(answer, 'X-Member'), undefined);
  });

  it('writes down why it answered with an error of its own', async () => {
    await get('/unknown/x.php');
    assert.match(front.child.output() + (await readLog(front)), /request-failed.*500.*no-such-handler/);
  });
});

async function readLog(front: Front): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  const { setTimeout: sleep } = await import('node:timers/promises');
  await sleep(400); // logs are written in batches
  return readFile(`${front.dir}/error.log`, 'utf8').catch(() => '');
}
