// `SetHandler heartbeat`: backends that cannot reach a multicast group post their heartbeats (Tomcat's HeartbeatListener
// with proxyList). Answers are httpd's: 200 `OK`, 400 for what is no heartbeat, 405 for other methods, 503 without
// HeartbeatListen.

import { Failure } from '../../base/failure.ts';
import { answerPage, type PageHandler, type PageHost, readBody } from '../page-handler.ts';
import type { Visit } from '../visit.ts';
import { HEARTBEAT_BYTES_MAX } from './heartbeat.ts';
import type { Heartbeats } from './heartbeats.ts';

const OK = { status: 200, type: 'text/plain', body: Buffer.from('OK') };

export class HeartbeatPage implements PageHandler {
  readonly #heartbeats: Heartbeats;

  constructor(heartbeats: Heartbeats) {
    this.#heartbeats = heartbeats;
  }

  handle(visit: Visit, host: PageHost): void {
    const { exchange } = visit;
    if (exchange.request.method !== 'POST') host.fail(visit, 405);
    else if (!this.#heartbeats.isActive) {
      const why = 'heartbeats are posted, and there is no HeartbeatListen';
      host.fail(visit, 503, new Failure('heartbeats-not-heard', 'internal', why, { status: 503 }));
    } else
      readBody(exchange, HEARTBEAT_BYTES_MAX + 1, (text) => {
        if (this.#heartbeats.keep(visit.clientAddress, text, false)) answerPage(visit, OK);
        else host.fail(visit, 400);
      });
  }
}
