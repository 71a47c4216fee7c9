// An AJP listener for tests, on a free port, with a handler of the test's; closed when the test is over.

import assert from 'node:assert/strict';
import { systemClock, VirtualClock } from '../../src/base/clock.ts';
import { MemoryLog } from '../../src/base/log.ts';
import { Link } from '../../src/link/link.ts';
import { AjpListener, type AjpOptions } from '../../src/listener/ajp.ts';
import type { Exchange, ExchangeSink } from '../../src/listener/exchange.ts';
import { type AjpAnswer, AjpClient, ajp } from './ajp-client.ts';

/** Answers with what it was asked; reads the body first when the path says /read. */
export function echo(exchange: Exchange): void {
  const { request } = exchange;
  const told = {
    method: request.method,
    target: request.target,
    minor: request.minorVersion,
    fields: request.fields.entries(),
    connection: { ...exchange.connection },
    client: exchange.clientAddress,
    user: exchange.user,
    authType: exchange.authType,
    forwarded: exchange.forwarded,
  };
  let read = 0;
  const answer = () => {
    const page = Buffer.from(JSON.stringify({ ...told, read }));
    exchange.response.status = 200;
    exchange.response.fields.add('Content-Type', 'application/json');
    exchange.response.bodyLength = page.length;
    exchange.sendHead();
    exchange.sendBody(page, 0, page.length);
    exchange.sendEnd();
  };
  if (!request.target.startsWith('/read')) {
    answer();
    return;
  }
  exchange.sink = sink({
    requestBody: (_bytes, start, end) => {
      read += end - start;
    },
    requestEnd: answer,
  });
  exchange.resumeBody();
}

export function sink(parts: Partial<ExchangeSink>): ExchangeSink {
  return { requestBody() {}, requestEnd() {}, drained() {}, aborted() {}, ended() {}, ...parts };
}

export interface Running {
  port: number;
  listener: AjpListener;
  log: MemoryLog;
  clock: VirtualClock;
}

export async function listening(
  options: AjpOptions & { virtual?: boolean },
  handle: (exchange: Exchange) => void,
  use: (running: Running) => Promise<void>,
): Promise<void> {
  const log = new MemoryLog();
  const clock = new VirtualClock();
  const link = new Link(options.virtual ? clock : systemClock, log);
  const listener = new AjpListener(link, { address: '127.0.0.1', port: 0 }, options, { handle }, log);
  await listener.listen();
  try {
    await use({ port: listener.address.port, listener, log, clock });
  } finally {
    listener.cut();
    await listener.stop();
    assert.deepEqual(
      log.events.filter(({ event }) => event === 'internal-fault'),
      [],
    );
  }
}

/** One request to a listener of its own. */
export async function ask(
  request: Parameters<typeof ajp>[1],
  options: AjpOptions = {},
  exchange: Parameters<typeof ajp>[2] = {},
): Promise<AjpAnswer> {
  let answer: AjpAnswer | undefined;
  await listening(options, echo, async ({ port }) => {
    answer = await ajp(port, request, exchange);
  });
  return answer as AjpAnswer;
}

export const seen = (answer: AjpAnswer) => JSON.parse(answer.body.toString());

/** What comes back for raw bytes, until the connection closes or an answer ends. */
export async function raw(port: number, ...bytes: Buffer[]): Promise<string[]> {
  const client = await AjpClient.connect(port);
  try {
    for (const piece of bytes) client.send(piece);
    const heard: string[] = [];
    for (;;) {
      const next = await client.next();
      if (next.kind === 'headers') heard.push(String(next.status));
      else if (next.kind === 'end') heard.push(`end(${next.reuse ? 1 : 0})`);
      else if (next.kind !== 'chunk') heard.push(next.kind);
      if (next.kind === 'closed' || next.kind === 'pong') return heard;
    }
  } finally {
    client.close();
  }
}
