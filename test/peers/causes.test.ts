// What a real Tomcat does when it is set up otherwise than the frontend, and what the log says of it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fetchOnce } from '../support/client.ts';
import { Front } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { freePort, until } from '../support/port.ts';
import { Tomcat } from '../support/tomcat.ts';

let guarded: Tomcat;
let plain: Tomcat;

describe('a Tomcat that is set up otherwise', needs('tomcat'), () => {
  before(async () => {
    [guarded, plain] = await Promise.all([Tomcat.start({ ajpAttributes: 'secret="sesame"' }), Tomcat.start()]);
  });
  after(async () => {
    await Promise.all([guarded?.stop(), plain?.stop()]);
  });

  /** Starts a frontend before one member, asks once, and tells the answer's status and what the error log says. */
  async function ask(
    conf: string,
    request: { path?: string; headers?: [string, string][] } = {},
  ): Promise<{ status: number | undefined; log: string }> {
    await using front = await Front.start('catflap', { conf });
    const { status, body } = await fetchOnce(front.port, { path: '/webapp/x', ...request });
    assert.doesNotMatch(body.toString('latin1'), /secret|attributes|ajp:/i, 'a client hears nothing of it');
    const log = () => readFileSync(`${front.dir}/error.log`, 'latin1');
    await until(() => log().includes('member-'), 1_500);
    return { status, log: log() };
  }

  test('a missing secret is told: 403 with reuse=0', async () => {
    const { status, log } = await ask(`ProxyPass / ajp://127.0.0.1:${guarded.ajpPort}/`);
    assert.equal(status, 403);
    assert.match(
      log,
      /member-trouble .*code=refused-by-connector .*secretRequired\) and secret= of the member is missing/,
    );
    assert.doesNotMatch(log, /sesame/);
  });

  test('a wrong secret is told, and not written down', async () => {
    const { status, log } = await ask(`ProxyPass / ajp://127.0.0.1:${guarded.ajpPort}/ secret=open`);
    assert.equal(status, 403);
    assert.match(log, /secret= of the member is not that of its connector/);
    assert.doesNotMatch(log, /sesame|"open"/);
  });

  test('the right secret is no trouble', async () => {
    const { status, log } = await ask(`ProxyPass / ajp://127.0.0.1:${guarded.ajpPort}/ secret=sesame`);
    assert.deepEqual([status, log.includes('member-')], [200, false]);
  });

  test('request attributes that Tomcat does not take are named', async () => {
    const { status, log } = await ask(`SetEnv AJP_unit sales\nProxyPass / ajp://127.0.0.1:${plain.ajpPort}/`);
    assert.equal(status, 403);
    assert.match(log, /allowedRequestAttributesPattern does not take all of the request attributes unit"/);
  });

  test('an application that says 403 itself is no trouble', async () => {
    for (const path of ['/webapp/status?code=403', '/webapp/error?code=403']) {
      const { status, log } = await ask(`ProxyPass / ajp://127.0.0.1:${plain.ajpPort}/`, { path });
      assert.deepEqual([status, log.includes('member-')], [403, false], path);
    }
  });

  test('a head that needs a larger packet names the size it needs', async () => {
    const headers: [string, string][] = [
      ['X-A', 'a'.repeat(5_000)],
      ['X-B', 'b'.repeat(5_000)],
    ];
    const { status, log } = await ask(`ProxyPass / ajp://127.0.0.1:${plain.ajpPort}/`, { headers });
    assert.equal(status, 400);
    assert.match(log, /needs 10\d\d\d octets in one packet, and packets have 8192; raise .* to 10240/);
  });

  test('a packet larger than packetSize of Tomcat is told', async () => {
    const headers: [string, string][] = [
      ['X-A', 'a'.repeat(5_000)],
      ['X-B', 'b'.repeat(5_000)],
    ];
    const { log } = await ask(`ProxyPass / ajp://127.0.0.1:${plain.ajpPort}/ iobuffersize=65536`, { headers });
    assert.match(log, /the request went in a packet of 10\d\d\d octets, and its packetSize may be smaller/);
  });

  test('the AJP port spoken to in HTTP is a closed connection', async () => {
    const { status, log } = await ask(`ProxyPass / http://127.0.0.1:${plain.ajpPort}/`);
    assert.equal(status, 502);
    assert.match(log, /code=head-closed .*closed the connection without a response/);
  });
});

describe('a Tomcat whose HTTP port is spoken to in AJP', needs('tomcat'), () => {
  test('is told to be no AJP connector', async () => {
    const httpPort = await freePort();
    await using _tomcat = await Tomcat.start({ httpPort });
    await using front = await Front.start('catflap', { conf: `ProxyPass / ajp://127.0.0.1:${httpPort}/` });
    await fetchOnce(front.port, { path: '/' });
    await until(() => readFileSync(`${front.dir}/error.log`, 'latin1').includes('member-'), 1_500);
    assert.match(readFileSync(`${front.dir}/error.log`, 'latin1'), /code=ajp-bad-magic .*it may be HTTP/);
  });
});
