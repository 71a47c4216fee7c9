// The narrow waist: one request and its response, with timing and account, between listeners (HTTP/1.1, AJP) and
// handlers (proxy, static files, pages, a Node application). A sink of callbacks, not of promises: the hot path
// allocates nothing. One object serves many requests; nobody keeps it after `ended`.

import type { X509Certificate } from 'node:crypto';
import type { Failure } from '../base/failure.ts';
import type { Fields } from '../base/fields.ts';
import { RequestHead, ResponseHead } from '../base/head.ts';

/** Answers exchanges. `handle` is called once per exchange, when its head is complete; it must set `exchange.sink`. */
export interface Handler {
  handle(exchange: Exchange): void;
}

/** What a handler hears of its exchange after `handle`. Bytes are borrowed until the call returns. */
export interface ExchangeSink {
  /** Part of the request body. Only after `exchange.resumeBody()`, and not while paused. */
  requestBody(bytes: Buffer, start: number, end: number): void;
  /** The request body is complete. Also said of requests without a body, after the first `resumeBody()`. */
  requestEnd(): void;
  /** The downstream can take more after `exchange.congested` was true. */
  drained(): void;
  /** The downstream is gone or broke the protocol: this sink can answer nothing any more. `ended` follows. */
  aborted(failure: Failure): void;
  /** The exchange is over for this sink, well or not, and about to be reused. Always the last call, exactly once. */
  ended(): void;
}

/** Facts of the connection an exchange came over. */
export interface ConnectionFacts {
  /** Address of the peer in text form, IPv4-mapped addresses as plain IPv4. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly tls: TlsFacts | undefined;
  /** HTTP without TLS, at an address where TLS is spoken. Default false. */
  readonly isPlainAtTls?: boolean;
  /** The client as a proxy named it before its octets (PROXY protocol); undefined where no proxy had to. */
  readonly claimed?: ClaimedClient | undefined;
}

/** A client that a proxy speaks for. */
export interface ClaimedClient {
  readonly address: string;
  readonly port: number;
}

/** What the servlet world asks about a TLS connection. */
export interface TlsFacts {
  readonly protocol: string | undefined;
  readonly cipher: string | undefined;
  readonly keySize: number | undefined;
  readonly sessionId: string | undefined;
  /** Client certificate chain in PEM, undefined when none was presented. */
  readonly clientCertificate: string | undefined;
  /** What follows is known only where TLS ends here: a fronting server over AJP does not tell it. */
  readonly hostId?: string;
  /** What that host asked of clients when the handshake was led. */
  readonly setup?: string;
  /** Server name that the client asked for (SNI). */
  readonly serverName?: string | undefined;
  readonly isResumed?: boolean;
  /** NONE, SUCCESS, GENEROUS or `FAILED:reason`. */
  readonly clientVerify?: string;
  /** The client's certificate and those of its issuers. */
  readonly clientChain?: readonly X509Certificate[];
  readonly serverCertificate?: X509Certificate | undefined;
}

/** The listener's side of an exchange: how its protocol writes a response and reads a body. */
export interface Downstream {
  sendInterim(exchange: Exchange, status: number, fields: Fields): void;
  sendHead(exchange: Exchange): void;
  sendBody(exchange: Exchange, bytes: Buffer, start: number, end: number): void;
  sendEnd(exchange: Exchange, trailers: Fields | undefined): void;
  flush(exchange: Exchange): void;
  pauseBody(exchange: Exchange): void;
  resumeBody(exchange: Exchange): void;
  breakOff(exchange: Exchange): void;
  switchProtocols(exchange: Exchange): boolean;
}

/** What a fronting web server told about the request over AJP; absent over HTTP. */
export interface ForwardedFacts {
  readonly remoteHost: string | undefined;
  readonly remoteUser: string | undefined;
  readonly authType: string | undefined;
  readonly jvmRoute: string | undefined;
  /** Request attributes in order, as name, value pairs. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly serverName: string;
  readonly serverPort: number;
}

/** Looks at a response just before its head is sent; whoever answers, nothing passes it by. */
export interface HeadFilter {
  filterHead(exchange: Exchange): void;
}

/** Where the response stands. */
export type ResponseStage = 'open' | 'head-sent' | 'complete' | 'broken';

export class Exchange {
  readonly request: RequestHead = new RequestHead();
  /** Filled by the handler before `sendHead`. */
  readonly response: ResponseHead = new ResponseHead();
  connection: ConnectionFacts;
  #downstream: Downstream;

  /** Set by the handler. */
  sink: ExchangeSink = noSink;
  stage: ResponseStage = 'open';
  /** True when what was sent waits for a slow downstream: stop producing until `sink.drained()`. */
  congested = false;
  /** False when the connection ends with this exchange. A handler may set it to false before `sendHead`. */
  keepAlive = true;
  /** The client is treated as one of HTTP/1.0, whatever it says. */
  isDowngraded = false;
  /** A client of HTTP/1.0, or one that is treated so, is told that the response is of HTTP/1.0 too. */
  saysOldVersion = false;
  /** Facts from a fronting web server (AJP). */
  forwarded: ForwardedFacts | undefined = undefined;
  /** The client's address for access rules and logs; differs from the connection's behind a trusted proxy. */
  clientAddress = '';
  /** The client's port; 0 where nobody tells it. */
  clientPort = 0;
  /** Authenticated user, as httpd's `r->user`. */
  user: string | undefined = undefined;
  authType: string | undefined = undefined;
  /** Environment variables in httpd's sense; created when first needed. */
  env: Map<string, string> | undefined = undefined;
  /** Notes in httpd's sense: remarks of one part for another, such as the access log; created when first needed. */
  notes: Map<string, string> | undefined = undefined;

  /** Runs before the head is sent, once; undefined when nothing is to be done. */
  headFilter: HeadFilter | undefined = undefined;
  /** For the handler's own use; undefined between requests. */
  attachment: unknown = undefined;

  /** Instants of the account, ms on the listener's clock: head complete; first response byte given to the socket. */
  startedAt = 0;
  firstByteAt = 0;
  /** Wall time at which the request line began, ms since 1970. */
  startedWall = 0;
  /** Octets of request and response bodies as the message has them, and of all that went out on the wire. */
  requestBodyBytes = 0;
  responseBodyBytes = 0;
  wireBytesOut = 0;
  wireBytesIn = 0;
  /** How many exchanges this connection carried before. */
  connectionRequests = 0;
  /** Why the exchange did not end well, for the access log; undefined when it did. */
  failure: Failure | undefined = undefined;

  constructor(connection: ConnectionFacts, downstream: Downstream) {
    this.connection = connection;
    this.#downstream = downstream;
  }

  /** Moves a reset exchange to another connection. */
  attach(connection: ConnectionFacts, downstream: Downstream): void {
    this.connection = connection;
    this.#downstream = downstream;
  }

  /** Tells the sink that it can answer nothing any more, and leaves the exchange without one. */
  abortSink(failure: Failure): void {
    const { sink } = this;
    this.sink = noSink;
    try {
      sink.aborted(failure);
    } finally {
      sink.ended();
    }
  }

  /** Tells the sink that the exchange is over. */
  endSink(): void {
    const { sink } = this;
    this.sink = noSink;
    sink.ended();
  }

  /** Prepares for the next request on the same connection. */
  reset(): void {
    this.request.reset();
    this.response.reset();
    this.sink = noSink;
    this.stage = 'open';
    this.congested = false;
    this.keepAlive = true;
    this.isDowngraded = false;
    this.saysOldVersion = false;
    this.forwarded = undefined;
    const { claimed } = this.connection;
    this.clientAddress = claimed === undefined ? this.connection.remoteAddress : claimed.address;
    this.clientPort = claimed === undefined ? this.connection.remotePort : claimed.port;
    this.user = undefined;
    this.authType = undefined;
    this.env = undefined;
    this.notes = undefined;
    this.headFilter = undefined;
    this.attachment = undefined;
    this.firstByteAt = 0;
    this.requestBodyBytes = 0;
    this.responseBodyBytes = 0;
    this.wireBytesOut = 0;
    this.wireBytesIn = 0;
    this.failure = undefined;
  }

  setEnv(name: string, value: string): void {
    this.env ??= new Map();
    this.env.set(name, value);
  }

  setNote(name: string, value: string): void {
    this.notes ??= new Map();
    this.notes.set(name, value);
  }

  /** Sends a 1xx response. Dropped where the protocol has none (HTTP/1.0, AJP). */
  sendInterim(status: number, fields: Fields): void {
    this.#downstream.sendInterim(this, status, fields);
  }

  /**
   * Begins the response with `response.status`, `reason`, `fields` and `bodyLength`. The listener decides framing,
   * adds Date and Server when missing, and drops fields that are its own business (Transfer-Encoding, Connection, Keep-Alive).
   * Nothing is written before `flush` or `sendEnd`, or until the output is full.
   */
  sendHead(): void {
    if (this.headFilter !== undefined && this.stage === 'open') this.headFilter.filterHead(this);
    this.#downstream.sendHead(this);
  }

  /** Adds body octets; they are copied or written before it returns. Look at `congested` afterwards. */
  sendBody(bytes: Buffer, start: number, end: number): void {
    this.#downstream.sendBody(this, bytes, start, end);
  }

  /** Ends the response and writes what is pending. The exchange ends when the request body is dealt with too. */
  sendEnd(trailers?: Fields): void {
    this.#downstream.sendEnd(this, trailers);
  }

  /** Writes what is pending: call it when the producer pauses. */
  flush(): void {
    this.#downstream.flush(this);
  }

  /** Stops `sink.requestBody`; a little more may still come from bytes already read. */
  pauseBody(): void {
    this.#downstream.pauseBody(this);
  }

  /** Lets the request body come, and answers `Expect: 100-continue` the first time. Bodies wait until this is called. */
  resumeBody(): void {
    this.#downstream.resumeBody(this);
  }

  /**
   * Sends `response` as `101` and makes a tunnel of the connection: from now on the request body is whatever the client
   * sends until it ends its side, the response body whatever is sent to it until `sendEnd`, which ends ours. Nothing but
   * the handler watches for silence.
   * @returns false when the connection cannot become one; nothing was sent then
   */
  switchProtocols(): boolean {
    return this.#downstream.switchProtocols(this);
  }

  /** Ends the connection because the response cannot be completed: the client must see a truncated message. */
  breakOff(): void {
    this.#downstream.breakOff(this);
  }
}

/** A sink that ignores the request body; fit for handlers that answer at once. */
export const noSink: ExchangeSink = {
  requestBody() {},
  requestEnd() {},
  drained() {},
  aborted() {},
  ended() {},
};
