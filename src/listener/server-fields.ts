// The Date and Server fields that a listener adds to responses which have none (RFC 9110 §6.6.1, §10.2.4), kept as bytes
// and renewed once a second.

export class ServerFields {
  readonly #server: Buffer;
  #date: Buffer = Buffer.alloc(0);
  #second = -1;

  /** @param server value of the Server field; '' sends none */
  constructor(server: string) {
    this.#server = server === '' ? Buffer.alloc(0) : Buffer.from(`Server: ${server}\r\n`, 'latin1');
  }

  /** @param wall ms since 1970 @returns the end offset */
  write(out: Buffer, start: number, wall: number, withDate: boolean, withServer: boolean): number {
    let at = start;
    if (withDate) {
      const second = Math.floor(wall / 1000);
      if (second !== this.#second) {
        this.#second = second;
        this.#date = Buffer.from(`Date: ${new Date(second * 1000).toUTCString()}\r\n`, 'latin1');
      }
      for (let i = 0; i < this.#date.length; i++) out[at + i] = this.#date[i];
      at += this.#date.length;
    }
    if (withServer) {
      for (let i = 0; i < this.#server.length; i++) out[at + i] = this.#server[i];
      at += this.#server.length;
    }
    return at;
  }
}
