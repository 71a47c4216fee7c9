// Reads a socket as a sequence of awaited pieces: what peers written for tests need, and nobody else.

import type { Socket } from 'node:net';

/** Bytes kept before the socket is told to wait. */
const HIGH_WATER_BYTES = 256 * 1024;

/** The peer ended or broke the connection before the piece that was asked for was complete. */
export class EndOfBytes extends Error {}

export class ByteReader {
  readonly #socket: Socket;
  #pieces: Buffer[] = [];
  #held = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (piece: Buffer) => {
      this.#pieces.push(piece);
      this.#held += piece.length;
      if (this.#held > HIGH_WATER_BYTES) socket.pause();
      this.#wake?.();
    });
    const end = () => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  /** Exactly `size` bytes. @throws EndOfBytes */
  async exactly(size: number): Promise<Buffer> {
    while (this.#held < size) await this.#more();
    return this.#take(size);
  }

  /** The bytes up to and including the next line feed. @throws EndOfBytes */
  async line(): Promise<string> {
    for (;;) {
      const all = this.#join();
      const at = all.indexOf(0x0a);
      if (at >= 0) return this.#take(at + 1).toString('latin1');
      await this.#more();
    }
  }

  /** Whatever has arrived, at least one byte. @throws EndOfBytes */
  async some(): Promise<Buffer> {
    while (this.#held === 0) await this.#more();
    return this.#take(this.#held);
  }

  async #more(): Promise<void> {
    if (this.#ended) throw new EndOfBytes();
    this.#socket.resume();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  #join(): Buffer {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] as Buffer;
  }

  #take(size: number): Buffer {
    const all = this.#join();
    this.#held -= size;
    this.#pieces = size === all.length ? [] : [all.subarray(size)];
    return all.subarray(0, size);
  }
}

/** Writes and waits until the socket takes more. @throws EndOfBytes when it is closed meanwhile */
export async function write(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed || socket.writableEnded) throw new EndOfBytes();
  if (socket.write(bytes)) return;
  await new Promise<void>((resolve, reject) => {
    const drained = () => {
      socket.off('close', closed);
      resolve();
    };
    const closed = () => {
      socket.off('drain', drained);
      reject(new EndOfBytes());
    };
    socket.once('drain', drained);
    socket.once('close', closed);
  });
}
