// One client of the control socket: octets in, lines of JSON out. The protocol, version 1: the server greets with
// `{"control":1,…}`; a request is `{"id":…,"operation":"…","arguments":{…}}` on one line; its answer `{"id":…,"result":…}`
// or `{"id":…,"error":{"code":"…","message":"…"}}`. Answers come as they are ready. Knows no socket.

import { Failure } from '../base/failure.ts';
import { type ControlLimits, DEFAULT_CONTROL_LIMITS } from './limits.ts';
import type { ControlArguments, ControlRegistry } from './registry.ts';

/** Version of the protocol; a client that does not know it must not go on. */
export const CONTROL_VERSION = 1;

/** The client's socket, as the session needs it. */
export interface ControlPeer {
  send(line: string): void;
  close(): void;
}

interface ControlRequest {
  readonly id: string | number | null;
  readonly operation: string;
  readonly given: ControlArguments;
}

const NEWLINE = 0x0a;

export class ControlSession {
  readonly #registry: ControlRegistry;
  readonly #peer: ControlPeer;
  readonly #limits: ControlLimits;
  #kept: Buffer = Buffer.alloc(0);
  #pendingCount = 0;
  #isOver = false;

  /** Greets at once. @param facts what the greeting tells beside the version */
  constructor(
    registry: ControlRegistry,
    peer: ControlPeer,
    facts: Readonly<Record<string, unknown>>,
    limits: ControlLimits = DEFAULT_CONTROL_LIMITS,
  ) {
    this.#registry = registry;
    this.#peer = peer;
    this.#limits = limits;
    this.#send({ control: CONTROL_VERSION, ...facts });
  }

  /** Operations in progress for this client. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** Octets from the client, cut anywhere. They are borrowed until it returns. */
  received(bytes: Uint8Array): void {
    let rest = Buffer.concat([this.#kept, bytes]);
    for (let end = rest.indexOf(NEWLINE); end >= 0 && !this.#isOver; end = rest.indexOf(NEWLINE)) {
      if (end > this.#limits.requestBytes) break;
      this.#line(rest.subarray(0, end).toString('utf8'));
      rest = rest.subarray(end + 1);
    }
    this.#kept = rest;
    if (this.#isOver || rest.length <= this.#limits.requestBytes) return;
    this.#refuse(null, 'request-too-long', `a request has at most ${this.#limits.requestBytes} octets`);
    this.ended();
    this.#peer.close();
  }

  /** The client is gone: answers that are still to come are for nobody. */
  ended(): void {
    this.#isOver = true;
    this.#kept = Buffer.alloc(0);
  }

  #line(line: string): void {
    if (line.trim() === '') return;
    let request: ControlRequest;
    try {
      request = readRequest(line);
    } catch (error) {
      this.#refuse(null, 'bad-request', (error as Error).message);
      return;
    }
    if (this.#pendingCount >= this.#limits.pendingCount) {
      this.#refuse(request.id, 'too-many-requests', `at most ${this.#limits.pendingCount} requests at once`);
      return;
    }
    void this.#carryOut(request);
  }

  async #carryOut({ id, operation, given }: ControlRequest): Promise<void> {
    this.#pendingCount++;
    try {
      const result = await this.#registry.run(operation, given);
      this.#send({ id, result: result ?? null });
    } catch (error) {
      const code = error instanceof Failure ? error.code : 'operation-failed';
      this.#refuse(id, code, error instanceof Error ? error.message : String(error));
    } finally {
      this.#pendingCount--;
    }
  }

  #refuse(id: ControlRequest['id'], code: string, message: string): void {
    this.#send({ id, error: { code, message } });
  }

  #send(message: unknown): void {
    if (!this.#isOver) this.#peer.send(`${JSON.stringify(message)}\n`);
  }
}

/** @throws Error that tells what is wrong with it */
function readRequest(line: string): ControlRequest {
  const message: unknown = JSON.parse(line);
  if (!isRecord(message)) throw new Error('a request is an object');
  const { id = null, operation, arguments: given = {} } = message;
  if (id !== null && typeof id !== 'string' && typeof id !== 'number') throw new Error('`id` is a text or a number');
  if (typeof operation !== 'string') throw new Error('`operation` is missing');
  if (!isRecord(given)) throw new Error('`arguments` is an object');
  return { id, operation, given };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
