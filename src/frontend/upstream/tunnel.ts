// What becomes of an exchange after `101 (Switching Protocols)`: octets flow both ways between client and backend until
// each has ended its side, at the pace of the slower one, as long as somebody says something (mod_proxy's tunnel).

import { Failure } from '../../base/failure.ts';
import type { Connection, ConnectionEvents } from '../../link/connection.ts';
import { Deadline } from '../../link/deadlines.ts';
import type { Link } from '../../link/link.ts';
import type { Exchange, ExchangeSink } from '../../listener/exchange.ts';

/** A backend's connection that no longer speaks HTTP. */
export interface SwitchedConnection {
  readonly connection: Connection;
  /** Octets of the attempt so far, for traffic accounting. */
  readonly bytesWritten: number;
  readonly bytesRead: number;
  /** The connection is closed, or counts no longer: its place in the pool is free. */
  release(): void;
}

/** Whom a tunnel belongs to. */
export interface TunnelOwner {
  /** Both sides are done; octets are those of the whole attempt. The last call. */
  tunnelEnded(bytesWritten: number, bytesRead: number): void;
}

/** How a tunnel is run. */
export interface TunnelManners {
  /** Silence of both sides after which it ends, ms. */
  readonly idleMs: number;
  /** It ends both ways as soon as one side has ended (`proxy-nohalfclose`). */
  readonly endsAtOnce: boolean;
}

/** Octets written in one piece at most. */
const PIECE_BYTES = 32 * 1024;

/** The client's side: what it sends is the request body of the exchange, what it gets the response body. */
export class Tunnel implements ExchangeSink {
  readonly #exchange: Exchange;
  readonly #link: Link;
  readonly #manners: TunnelManners;
  readonly #owner: TunnelOwner;
  readonly #backend: BackendSide;
  readonly #deadline: Deadline;
  #isOver = false;

  /** The exchange must have switched protocols; its sink is this object from now on. */
  constructor(exchange: Exchange, end: SwitchedConnection, link: Link, manners: TunnelManners, owner: TunnelOwner) {
    this.#exchange = exchange;
    this.#link = link;
    this.#manners = manners;
    this.#owner = owner;
    this.#deadline = new Deadline(() => this.#breakOff('tunnel-idle', `nothing was said for ${manners.idleMs} ms`));
    this.#backend = new BackendSide(this, end, link);
    exchange.sink = this;
  }

  /** Lets octets flow. @param bytes what came behind the backend's head, borrowed */
  begin(bytes: Buffer, start: number, end: number): void {
    if (start < end) this.fromBackend(bytes, start, end);
    this.somethingCame();
    if (!this.#isOver) this.#exchange.resumeBody();
  }

  /** Somebody has said something. */
  somethingCame(): void {
    if (!this.#isOver) this.#link.deadlines.arm(this.#deadline, this.#manners.idleMs);
  }

  // --- from the client (ExchangeSink) -------------------------------------------------------------------------------

  requestBody(bytes: Buffer, start: number, end: number): void {
    this.somethingCame();
    if (this.#backend.write(bytes, start, end)) this.#exchange.pauseBody();
  }

  requestEnd(): void {
    this.#backend.end();
    if (this.#manners.endsAtOnce) this.#exchange.sendEnd();
  }

  drained(): void {
    this.somethingCame();
    this.#backend.resume();
  }

  aborted(): void {
    // `ended` follows and does all there is to do.
  }

  ended(): void {
    this.#isOver = true;
    this.#link.deadlines.disarm(this.#deadline);
    const { bytesWritten, bytesRead } = this.#backend;
    this.#backend.close();
    this.#owner.tunnelEnded(bytesWritten, bytesRead);
  }

  // --- from the backend ---------------------------------------------------------------------------------------------

  /** @returns false when the client takes no more for now */
  fromBackend(bytes: Buffer, start: number, end: number): boolean {
    const exchange = this.#exchange;
    this.somethingCame();
    exchange.sendBody(bytes, start, end);
    exchange.flush();
    return !exchange.congested;
  }

  backendEnded(): void {
    if (this.#isOver) return;
    this.#exchange.sendEnd();
    if (!this.#isOver && this.#manners.endsAtOnce) this.#exchange.breakOff();
  }

  /** The backend can take more. */
  backendDrained(): void {
    this.somethingCame();
    if (!this.#isOver) this.#exchange.resumeBody();
  }

  backendBroke(error: Error | undefined): void {
    this.#breakOff('tunnel-broken', 'the backend broke the connection off', error);
  }

  #breakOff(code: string, why: string, cause?: Error): void {
    if (this.#isOver) return;
    this.#exchange.failure ??= new Failure(code, 'upstream', why, { cause });
    this.#exchange.breakOff();
  }
}

/** The backend's side: its connection, with what it hears. */
class BackendSide implements ConnectionEvents {
  readonly #tunnel: Tunnel;
  readonly #end: SwitchedConnection;
  readonly #link: Link;
  readonly #bytesOutBefore: number;
  readonly #bytesInBefore: number;
  #hasEnded = false;
  #isReleased = false;

  constructor(tunnel: Tunnel, end: SwitchedConnection, link: Link) {
    this.#tunnel = tunnel;
    this.#end = end;
    this.#link = link;
    this.#bytesOutBefore = end.connection.bytesOut;
    this.#bytesInBefore = end.connection.bytesIn;
    end.connection.events = this;
  }

  get bytesWritten(): number {
    return this.#end.bytesWritten + this.#end.connection.bytesOut - this.#bytesOutBefore;
  }

  get bytesRead(): number {
    return this.#end.bytesRead + this.#end.connection.bytesIn - this.#bytesInBefore;
  }

  /** @returns true when the backend takes no more for now */
  write(bytes: Buffer, start: number, end: number): boolean {
    const { connection } = this.#end;
    for (let from = start; from < end; ) {
      const size = Math.min(end - from, PIECE_BYTES);
      const at = connection.reserve(size);
      bytes.copy(this.#link.scratch.buffer, at, from, from + size);
      connection.commit(at + size);
      from += size;
    }
    connection.flush();
    return connection.isCongested;
  }

  resume(): void {
    this.#end.connection.resume();
  }

  end(): void {
    this.#end.connection.end();
  }

  /** The tunnel is over. What still waits for a backend that has ended its side properly leaves all the same. */
  close(): void {
    const { connection } = this.#end;
    if (connection.hasEnded && this.#hasEnded) connection.endLingering();
    else connection.destroy();
    this.#release();
  }

  // --- from the socket ----------------------------------------------------------------------------------------------

  received(bytes: Buffer, start: number, end: number): void {
    if (!this.#tunnel.fromBackend(bytes, start, end)) this.#end.connection.pause();
  }

  peerEnded(): void {
    this.#hasEnded = true;
    this.#tunnel.backendEnded();
  }

  drained(): void {
    this.#tunnel.backendDrained();
  }

  closed(error: Error | undefined): void {
    this.#release();
    if (error !== undefined || !this.#hasEnded) this.#tunnel.backendBroke(error);
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#end.release();
  }
}
