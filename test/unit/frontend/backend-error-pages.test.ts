// Error pages that come from a backend: what they do to the request that failed.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endResponse, sendBodyChunk, sendHeaders } from '../../support/ajp-peer.ts';
import { Lab, turns, until } from './lab.ts';
import { ajpAnswer, answered, GET, httpAnswer } from './messages.ts';

describe('an error page from a backend', () => {
  const PAGES = `ErrorDocument 500 /errors/page\nErrorDocument 502 /errors/page\nErrorDocument 503 /errors/page
ProxyPass /errors/ http://127.0.0.1:@2/\nProxyPass / http://127.0.0.1:@1/`;

  it('never receives what is left of the body of the request that failed', async () => {
    await using lab = await Lab.open(`SetEnv proxy-prefetch-nonblocking 1\n${PAGES}`, 2);
    const client = lab.ask('POST /x HTTP/1.1\r\nHost: front.test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n');
    const line = await lab.line();
    await until(() => /part/.test(line.text), 'the beginning of the body');
    line.socket.destroy();
    const page = await lab.line(0, 1);
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n';
    client.send(`${smuggled.length.toString(16)}\r\n${smuggled}\r\n`);
    await turns();
    page.send(httpAnswer('sorry'));
    await until(() => client.heard().body === 'sorry', 'the page');
    assert.equal(client.heard().status, 502);
    await turns();
    assert.doesNotMatch(page.text, /smuggled|part/);
    assert.match(page.text, /^GET \/page HTTP\/1.1\r\n/);
  });

  it('is shown although the client leaves while it is fetched', async () => {
    await using lab = await Lab.open(PAGES, 2);
    await lab.backends[0].refuse();
    const client = lab.ask(GET);
    await lab.line(0, 1);
    client.socket.resetAndDestroy();
    await lab.rest();
    assert.equal(
      lab.members.every(({ member }) => member.state.busy === 0),
      true,
    );
  });

  it('that fails too leaves the page we have ourselves', async () => {
    await using lab = await Lab.open(PAGES, 2);
    for (const backend of lab.backends) await backend.refuse();
    const client = lab.ask(GET);
    assert.equal(await answered(client), 503);
    await until(() => client.heard().isWhole, 'the page');
  });

  it('leaves the method of the client in the log', async () => {
    await using lab = await Lab.open(PAGES, 2);
    await lab.backends[0].refuse();
    const methods: string[] = [];
    const finished = lab.frontend.finished.bind(lab.frontend);
    lab.frontend.finished = (exchange) => {
      finished(exchange);
      methods.push(exchange.request.method);
    };
    const client = lab.ask('DELETE /x HTTP/1.1\r\nHost: front.test\r\n\r\n');
    (await lab.line(0, 1)).send(httpAnswer('sorry'));
    await until(() => client.heard().body === 'sorry', 'the page');
    await until(() => methods.length === 1, 'the end');
    assert.deepEqual(methods, ['DELETE']);
  });

  it('stands in for a response that is overridden, and a later attempt is not taken for overridden', async () => {
    await using lab = await Lab.open(
      `ProxyErrorOverride On 404\n<Proxy balancer://c>\nBalancerMember ajp://127.0.0.1:@1\nBalancerMember ajp://127.0.0.1:@2\n</Proxy>\nProxyPass / balancer://c/`,
      2,
    );
    const overridden = lab.ask(GET);
    const line = await lab.line();
    line.send(
      Buffer.concat([
        sendHeaders(404, 'No', [['Content-Length', '4']]),
        sendBodyChunk(Buffer.from('mine')),
        endResponse(1),
      ]),
    );
    await until(() => overridden.heard().isWhole, 'the page');
    assert.doesNotMatch(overridden.text, /mine/);

    const client = lab.ask(GET);
    const other = await lab.line(0, 1);
    // The head is overridden, then the connection breaks: nothing was sent, so the request is repeated.
    other.send(Buffer.concat([sendHeaders(404, 'No', [['Content-Length', '4']]), sendBodyChunk(Buffer.from('m'))]));
    await turns();
    line.text = '';
    other.socket.destroy();
    await until(() => line.packets.length === 1, 'the next attempt');
    line.send(ajpAnswer('whole'));
    await until(() => client.heard().isWhole, 'the answer');
    assert.equal(client.heard().body, 'whole');
  });
});
