// A request that is decided as any other and sent nowhere: it goes through the frontend that serves, fresh or running,
// and ends where a backend or a manager's page would be asked. Nothing is counted, logged or changed by it.

import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import type { Fields } from '../../base/fields.ts';
import { silentLog } from '../../base/log.ts';
import { Link } from '../../link/link.ts';
import { type Downstream, Exchange, type TlsFacts } from '../../listener/exchange.ts';
import type { LogSink } from '../../listener/log-sink.ts';
import { LogSinks } from '../../listener/log-sinks.ts';
import type { Snapshot } from '../../site/model.ts';
import { Frontend } from '../frontend.ts';
import { RunningSite } from '../running-site.ts';
import type { Resolve } from '../upstream/backend.ts';
import { arrivalOf } from './arrival.ts';
import type { Explanation } from './explanation.ts';
import { RequestTrace } from './request-trace.ts';

/** A request that somebody asks about. Plain data: it may come from another process. */
export interface Question {
  /** `http://host[:port]/path?query`, or only a path for the first listener. */
  readonly url: string;
  /** Default GET. */
  readonly method?: string | undefined;
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /** Address of the client. Default 127.0.0.1. */
  readonly from?: string | undefined;
  /** Address of this machine that the request comes to. */
  readonly at?: string | undefined;
}

/** Facts of a TLS connection that nobody made. */
const SOME_TLS: TlsFacts = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  keySize: 256,
  sessionId: undefined,
  clientCertificate: undefined,
};
const CLIENT_PORT = 49152;

/** Asks a frontend, which may be serving others. @throws Failure `bad-url`, `bad-question` */
export async function explainRequest(frontend: Frontend, question: Question): Promise<Explanation> {
  const arrival = arrivalOf(frontend.site.snapshot, question.url, question.at);
  const rehearsal = new Rehearsal(frontend);
  const { exchange } = rehearsal;
  const { request } = exchange;
  exchange.attach(
    {
      remoteAddress: question.from ?? '127.0.0.1',
      remotePort: CLIENT_PORT,
      localAddress: arrival.localAddress,
      localPort: arrival.localPort,
      tls: arrival.isSecure ? SOME_TLS : undefined,
    },
    rehearsal,
  );
  exchange.reset();
  request.method = question.method ?? 'GET';
  request.target = arrival.target;
  request.keepAlive = true;
  const headers = question.headers ?? [];
  if (arrival.host !== undefined && !headers.some(([name]) => name.toLowerCase() === 'host'))
    request.fields.add('Host', arrival.host);
  for (const [name, value] of headers) addField(request.fields, name, value);
  const explanation = await rehearsal.run();
  return { ...explanation, listener: arrival.listener };
}

/** A frontend of its own for a configuration that is not in force: nothing listens, no log is opened. */
export function freshFrontend(snapshot: Snapshot, clock: Clock, resolve?: Resolve): Frontend {
  const link = new Link(clock, silentLog);
  const site = new RunningSite(snapshot, {
    link,
    log: silentLog,
    sinks: new NoLogs({ clock, log: silentLog }),
    resolve: resolve ?? ((host, port) => ({ kind: 'tcp', host, port })),
  });
  return new Frontend(site, link, silentLog);
}

function addField(fields: Fields, name: string, value: string): void {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value))
    throw new Failure('bad-question', 'downstream', `"${name}: ${value}" is no header field`);
  fields.add(name, value);
}

/** The client's side of the exchange: it hears the answer and keeps nothing of it. */
class Rehearsal implements Downstream {
  readonly exchange: Exchange;
  readonly #frontend: Frontend;
  readonly #trace: RequestTrace;
  readonly #ended = Promise.withResolvers<Explanation>();
  #isOver = false;

  constructor(frontend: Frontend) {
    this.#frontend = frontend;
    this.#trace = new RequestTrace(() => this.#endSoon());
    const nowhere = { remoteAddress: '', remotePort: 0, localAddress: '', localPort: 0, tls: undefined };
    this.exchange = new Exchange(nowhere, this);
  }

  run(): Promise<Explanation> {
    const { exchange } = this;
    exchange.startedAt = this.#frontend.link.clock.now();
    exchange.startedWall = this.#frontend.link.clock.wall();
    this.#frontend.handle(exchange, this.#trace);
    return this.#ended.promise;
  }

  sendInterim(): void {}

  sendHead(exchange: Exchange): void {
    if (exchange.stage === 'open') exchange.stage = 'head-sent';
  }

  /** The head has told all there is to tell. */
  sendBody(exchange: Exchange): void {
    exchange.congested = true;
    this.#endSoon();
  }

  sendEnd(exchange: Exchange): void {
    exchange.stage = 'complete';
    this.#endSoon();
  }

  flush(): void {}

  pauseBody(): void {}

  resumeBody(exchange: Exchange): void {
    exchange.sink.requestEnd();
  }

  switchProtocols(): boolean {
    return false;
  }

  breakOff(exchange: Exchange): void {
    exchange.stage = 'broken';
    this.#endSoon();
  }

  /** Not at once: whoever answers is still at it. */
  #endSoon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    queueMicrotask(() => {
      try {
        this.exchange.endSink();
        this.#frontend.finished(this.exchange);
        this.#ended.resolve(this.#trace.explanation as Explanation);
      } catch (error) {
        this.#ended.reject(error);
      }
    });
  }
}

class NoLogs extends LogSinks {
  override open(): LogSink {
    return { write() {}, reopen() {}, flushSync() {}, close: () => Promise.resolve(), droppedCount: 0 };
  }
}
