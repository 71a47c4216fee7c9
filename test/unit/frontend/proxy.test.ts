// One proxied request among others: who waits and who gives up, what an error page does to the request, clients that
// leave at every moment, reloads and stops. The lab sees to it that no account is left open.

import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { endResponse, getBodyChunk, sendBodyChunk, sendHeaders } from '../../support/ajp-peer.ts';
import { freePort } from '../../support/port.ts';
import { type Client, Lab, turns, until } from './lab.ts';

const GET = 'GET /x HTTP/1.1\r\nHost: front.test\r\n\r\n';
const AJP = 'ProxyPass / ajp://127.0.0.1:@1/';
const TWO =
  '<Proxy balancer://c>\nBalancerMember ajp://127.0.0.1:@1\nBalancerMember ajp://127.0.0.1:@2\n</Proxy>\nProxyPass / balancer://c/';

function httpAnswer(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function ajpAnswer(body: string): Buffer {
  const head = sendHeaders(200, 'OK', [['Content-Length', String(body.length)]]);
  return Buffer.concat([head, sendBodyChunk(Buffer.from(body)), endResponse(1)]);
}

async function answered(client: Client): Promise<number> {
  await until(() => client.statuses.length > 0 || client.isOver, 'an answer');
  return client.statuses[0];
}

describe('who waits for a connection', () => {
  it('is served in order, and nobody is forgotten', async () => {
    await using lab = await Lab.open(`${AJP} max=2`);
    const clients = Array.from({ length: 8 }, () => lab.ask(GET));
    await until(() => lab.members[0].backend.pool.waiting === 6, 'six wait');
    for (let count = 0; count < 8; ) {
      for (const line of lab.backends[0].lines) {
        if (line.packets.length === 0) continue;
        line.text = '';
        line.send(ajpAnswer('x'));
        count++;
      }
      await turns(3);
    }
    await until(() => clients.every((client) => client.heard().isWhole), 'all answers');
    assert.equal(lab.backends[0].lines.length, 2);
  });

  it('gets 503 after acquire= milliseconds, and the place is kept by whoever has it', async () => {
    await using lab = await Lab.open(`${AJP} max=1 acquire=500`);
    const first = lab.ask(GET);
    const line = await lab.line();
    const second = lab.ask(GET);
    await until(() => lab.members[0].backend.pool.waiting === 1, 'the second waits');
    lab.clock.advance(600);
    assert.equal(await answered(second), 503);
    assert.equal(lab.members[0].backend.pool.waiting, 0);
    line.send(ajpAnswer('x'));
    await until(() => first.heard().isWhole, 'the first answer');
  });

  it('and leaves is passed over', async () => {
    await using lab = await Lab.open(`${AJP} max=1`);
    const first = lab.ask(GET);
    const line = await lab.line();
    const gone = lab.ask(GET);
    await until(() => lab.members[0].backend.pool.waiting === 1, 'one waits');
    const patient = lab.ask(GET);
    await until(() => lab.members[0].backend.pool.waiting === 2, 'two wait');
    gone.socket.resetAndDestroy();
    await until(() => lab.members[0].backend.pool.waiting === 1, 'one has left');
    line.send(ajpAnswer('x'));
    await until(() => first.heard().isWhole && line.packets.length === 2, 'the next request');
    line.send(ajpAnswer('y'));
    await until(() => patient.heard().body === 'y', 'the answer');
  });

  it('gets the place of a dial that failed', async () => {
    await using lab = await Lab.open(`${AJP} max=1 connectiontimeout=5`);
    await lab.backends[0].refuse();
    const clients = [lab.ask(GET), lab.ask(GET), lab.ask(GET)];
    for (const client of clients) assert.equal(await answered(client), 503);
  });

  it('for a usable member is asked again until timeout= has passed', async () => {
    const port = await freePort();
    await using lab = await Lab.open(
      `<Proxy balancer://c>\nBalancerMember ajp://127.0.0.1:${port} retry=3\nProxySet timeout=2 forcerecovery=Off\n</Proxy>\nProxyPass / balancer://c/`,
    );
    assert.equal(await answered(lab.ask(GET)), 503);
    const client = lab.ask(GET);
    await turns();
    assert.deepEqual(client.statuses, []);
    for (let i = 0; i < 110; i++) lab.clock.advance(20);
    assert.equal(await answered(client), 503);
  });
});

describe('a client that leaves', () => {
  const moments: [name: string, conf: string, until: (lab: Lab) => Promise<unknown>, request?: string][] = [
    ['while its connection is dialled', AJP, async () => {}],
    ['while the backend thinks', AJP, (lab) => lab.line()],
    [
      'while it waits for a place',
      `${AJP} max=1`,
      async (lab) => {
        await lab.line();
        await until(() => lab.members[0].backend.pool.waiting === 1, 'it waits');
      },
    ],
    [
      'in the middle of a response',
      AJP,
      async (lab) => {
        (await lab.line()).send(
          Buffer.concat([sendHeaders(200, 'OK', [['Content-Length', '10']]), sendBodyChunk(Buffer.from('half'))]),
        );
        await until(() => lab.clients[0].text.endsWith('half'), 'the first half');
      },
    ],
    [
      'in the middle of an upload',
      AJP,
      (lab) => lab.line(),
      'PUT /x HTTP/1.1\r\nHost: front.test\r\nContent-Length: 100\r\n\r\npart',
    ],
    [
      'in the middle of an upload over HTTP',
      'SetEnv proxy-prefetch-nonblocking 1\nProxyPass / http://127.0.0.1:@1/',
      (lab) => lab.line(),
      'PUT /x HTTP/1.1\r\nHost: front.test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n',
    ],
  ];
  for (const [name, conf, moment, request = GET] of moments) {
    for (const way of ['resetAndDestroy', 'destroy'] as const) {
      it(`${name} (${way}) leaves nothing behind`, async () => {
        await using lab = await Lab.open(conf);
        const clients = [lab.ask(request), lab.ask(request)];
        await until(() => lab.members[0].member.state.elected > 0, 'the election');
        await moment(lab);
        for (const client of clients) client.socket[way]();
        // A client that has only ended its side still waits for its answer.
        if (way === 'destroy' && request === GET) lab.backends[0].onLine = (line) => line.socket.destroy();
        if (way === 'destroy' && request === GET) for (const line of lab.backends[0].lines) line.socket.destroy();
        await lab.rest();
      });
    }
  }

  it('half closed still gets the answer it waits for', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask(GET);
    client.socket.end();
    const line = await lab.line();
    await turns();
    line.send(ajpAnswer('late'));
    await until(() => client.hasEnded, 'the end');
    assert.equal(client.heard().body, 'late');
  });

  it('takes nothing of the answer: it is cut, and the backend with it', async () => {
    await using lab = await Lab.open(`Timeout 10\n${AJP}`);
    const client = lab.client();
    client.socket.pause();
    client.send(GET);
    const line = await lab.line();
    line.send(sendHeaders(200, 'OK', []));
    const chunk = sendBodyChunk(Buffer.alloc(8_184));
    for (let i = 0; i < 3_000; i++) line.send(chunk);
    await until(() => line.socket.writableLength > 0, 'congestion');
    await turns(200);
    lab.clock.advance(25_000);
    await until(() => line.isClosed, 'the connection is closed');
    assert.deepEqual(lab.failures, ['client-stalled']);
  });

  it('stalls in an upload: 408, and the backend connection is closed', async () => {
    await using lab = await Lab.open(`Timeout 10\n${AJP} timeout=1000`);
    const client = lab.ask('POST /x HTTP/1.1\r\nHost: front.test\r\nContent-Length: 10\r\n\r\nabc');
    const line = await lab.line();
    await until(() => line.packets.length === 2, 'the first packet');
    line.send(getBodyChunk(100));
    await turns();
    lab.clock.advance(11_000);
    assert.equal(await answered(client), 408);
    await until(() => line.hasEnded || line.isClosed, 'the end of the connection');
    assert.equal(lab.members[0].member.state.isInError, false);
  });
});

describe('after a failure', () => {
  it('another member is tried, and the first is marked', async () => {
    await using lab = await Lab.open(TWO, 2);
    await lab.backends[0].refuse();
    const client = lab.ask(GET);
    (await lab.line(0, 1)).send(ajpAnswer('second'));
    await until(() => client.heard().body === 'second', 'the answer');
    assert.equal(lab.members[0].member.state.isInError, true);
  });

  it('every member is tried once, then the client is told', async () => {
    await using lab = await Lab.open(TWO, 2);
    for (const backend of lab.backends) backend.onLine = (line) => line.socket.destroy();
    assert.equal(await answered(lab.ask(GET)), 503);
  });

  it('a dial that never ends is given up in time', async () => {
    await using lab = await Lab.open('ProxyPass / ajp://192.0.2.1:8009/ connectiontimeout=2');
    const client = lab.ask(GET);
    await until(() => lab.members[0].backend.pool.open === 1, 'the dial');
    lab.clock.advance(2_500);
    assert.equal(await answered(client), 503);
    assert.equal(lab.members[0].backend.pool.open, 0);
  });

  it('an unknown name is 500', async () => {
    await using lab = await Lab.open('ProxyPass / http://no-such-host.invalid/');
    assert.equal(await answered(lab.ask(GET)), 500);
  });

  it('a member that TLS is spoken to is 500 while SSLProxyEngine is off', async () => {
    await using lab = await Lab.open('ProxyPass / https://127.0.0.1:1/');
    assert.equal(await answered(lab.ask(GET)), 500);
    assert.equal(lab.members[0].member.state.isInError, false);
  });
});

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

describe('a mistake of ours', () => {
  it('at the moment of sending a request is 500 for this client, and no member is blamed', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.client();
    // The scratch fails once.
    const claim = (): void => {
      Reflect.deleteProperty(lab.link.scratch, 'claim');
      throw new Error('planted');
    };
    Object.defineProperty(lab.link.scratch, 'claim', { configurable: true, value: claim });
    client.send(GET);
    assert.equal(await answered(client), 500);
    assert.equal(lab.faults.length, 1);
    assert.equal(lab.members[0].member.state.isInError, false);
    const next = lab.ask(GET);
    await until(() => lab.backends[0].lines.some((line) => line.packets.length === 1), 'the next request');
    lab.backends[0].lines.find((line) => line.packets.length === 1)?.send(ajpAnswer('fine'));
    await until(() => next.heard().body === 'fine', 'the next answer');
  });

  it('in rewriting a response is 500 for this client', async () => {
    await using lab = await Lab.open(`ProxyPassReverse / http://h/\n${AJP}`);
    const client = lab.ask(GET);
    const line = await lab.line();
    Object.defineProperty([...lab.site.balancers][0], 'checkRoute', {
      value: () => {
        throw new Error('planted');
      },
    });
    line.send(Buffer.concat([sendHeaders(200, 'OK', [['Set-Cookie', 'a=b']]), endResponse(1)]));
    assert.equal(await answered(client), 500);
    assert.equal(lab.faults.length, 1);
    assert.equal(lab.members[0].member.state.isInError, false);
  });

  it('in mapping a request is 500 for this client', async () => {
    await using lab = await Lab.open(AJP);
    const { site } = lab;
    Object.defineProperty(site, 'balancer', {
      configurable: true,
      value: () => {
        throw new Error('planted');
      },
    });
    assert.equal(await answered(lab.ask(GET)), 500);
    Reflect.deleteProperty(site, 'balancer');
    assert.equal(lab.faults.length, 1);
  });
});

describe('a site that is replaced', () => {
  it('lets its requests end, and its connections close as they become idle', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask(GET);
    const line = await lab.line();
    const old = lab.site;
    lab.site = lab.siteOf(lab.load('ProxyPass / http://127.0.0.1:@1/'), old);
    lab.frontend.swap(lab.site);
    line.send(ajpAnswer('old'));
    await until(() => client.heard().body === 'old', 'the answer');
    await until(() => line.hasEnded || line.isClosed, 'the old connection is closed');
  });

  it('hands connections to the same backend on, and leaves them open', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask(GET);
    const line = await lab.line();
    line.send(ajpAnswer('old'));
    await until(() => client.heard().body === 'old', 'the answer');
    lab.site = lab.siteOf(lab.load(`Timeout 77\n${AJP}`), lab.site);
    lab.frontend.swap(lab.site);
    await turns();
    assert.equal(line.hasEnded, false);
    line.text = '';
    const next = lab.ask(GET);
    await until(() => line.packets.length === 1, 'the next request');
    line.send(ajpAnswer('new'));
    await until(() => next.heard().body === 'new', 'the answer');
  });

  it('closes a connection whose dial ends after nobody is left', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask(GET);
    await until(() => lab.members[0].backend.pool.open === 1, 'the dial');
    const [{ backend }] = lab.members;
    client.socket.resetAndDestroy();
    lab.site.retire();
    await until(() => backend.pool.open === 0, 'the connection is closed');
  });
});

test('a dial for nobody keeps nothing alive once the site is retired', async () => {
  await using lab = await Lab.open('ProxyPass / ajp://192.0.2.1:8009/');
  const client = lab.ask(GET);
  const [{ backend }] = lab.members;
  await until(() => backend.pool.open === 1, 'the dial');
  client.socket.resetAndDestroy();
  await until(() => lab.listener.connectionCount === 0, 'the client is gone');
  lab.site.retire();
  await until(() => backend.pool.open === 0, 'the dial is given up');
});

test('two frontends in one process use their own clocks and pages', async () => {
  await using first = await Lab.open(`${AJP} max=1 acquire=500`);
  await using second = await Lab.open(`${AJP} max=1 acquire=500`);
  // A run of the first, given back, must not serve the second.
  const client = first.ask(GET);
  (await first.line()).send(ajpAnswer('x'));
  await until(() => client.heard().isWhole, 'the answer');
  second.ask(GET);
  await second.line();
  const waiting = second.ask(GET);
  await until(() => second.members[0].backend.pool.waiting === 1, 'it waits');
  first.clock.advance(10_000);
  await turns();
  assert.deepEqual(waiting.statuses, []);
  second.clock.advance(600);
  assert.equal(await answered(waiting), 503);
});

test('a graceful stop answers what is in progress and waits for nothing else', async () => {
  await using lab = await Lab.open(AJP);
  const idle = lab.ask(GET);
  const line = await lab.line();
  line.send(ajpAnswer('idle'));
  await until(() => idle.heard().isWhole, 'an idle connection both ways');
  line.text = '';
  const busy = lab.ask(GET);
  await until(() => line.packets.length === 1, 'a request in progress');
  let isStopped = false;
  const stopped = lab.listener.stop().then(() => {
    isStopped = true;
  });
  await until(() => idle.hasEnded, 'the idle one is ended');
  idle.socket.end();
  await turns();
  assert.equal(isStopped, false);
  line.send(ajpAnswer('busy'));
  await until(() => busy.hasEnded, 'the busy one is answered');
  assert.equal(busy.heard().body, 'busy');
  busy.socket.end();
  await stopped;
});

// ProxySourceAddress
test('backends are dialled from ProxySourceAddress', async () => {
  await using lab = await Lab.open('ProxySourceAddress 127.0.0.7\nProxyPass / http://127.0.0.1:@1/');
  lab.ask(GET);
  const line = await lab.line();
  assert.equal(line.socket.remoteAddress, '127.0.0.7');
  line.socket.destroy();
});
