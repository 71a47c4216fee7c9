// What a proxy says about its client before the client's own octets: the PROXY protocol, versions 1 (a line) and 2
// (binary), TCP only. Strict: octets that only look like it end the connection, since they decide who the client is.
// Source: "The PROXY protocol, versions 1 & 2" (HAProxy), §2.1 and §2.2.

import { formatAddress, parseAddress } from '../../base/addresses.ts';

/** The longest line of version 1, its end included (§2.1). */
const LINE_MAX_OCTETS = 107;
/** Octets of a header of version 2 before its addresses. */
const FIXED_OCTETS = 16;
/** Addresses and what follows them (certificate names and the like, which are skipped); longer ones are refused. */
export const REST_MAX_OCTETS = 2048;

const LINE_START = Buffer.from('PROXY ');
const SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const LINE = /^PROXY (?:UNKNOWN(?: [^\r\n]*)?|(TCP4|TCP6) (\S+) (\S+) (\d{1,5}) (\d{1,5}))\r\n$/;

/** Version and command: version 2 in the high half. */
const LOCAL = 0x20;
const PROXY = 0x21;
/** Families and protocols. */
const UNSPECIFIED = 0x00;
const TCP4 = 0x11;
const TCP6 = 0x21;
/** Two addresses and two ports. */
const TCP4_OCTETS = 12;
const TCP6_OCTETS = 36;

export interface ClaimedClient {
  readonly address: string;
  readonly port: number;
}

export class PrefaceDecoder {
  state: 'more' | 'done' | 'failed' = 'more';
  /** Undefined when the proxy speaks for itself (LOCAL, UNKNOWN): the connection's own address holds. */
  client: ClaimedClient | undefined = undefined;
  #kept: Buffer = Buffer.alloc(LINE_MAX_OCTETS);
  #length = 0;
  /** Octets in all, once that is known. */
  #total = 0;

  /** Takes octets until the header ends. @returns the position after the last one that belongs to it */
  take(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && this.state === 'more') {
      if (this.#length === this.#kept.length) this.#fail();
      else this.#octet(bytes[at++]);
    }
    return at;
  }

  #octet(octet: number): void {
    this.#kept[this.#length++] = octet;
    if (this.#kept[0] === SIGNATURE[0]) this.#binary();
    else this.#line(octet);
  }

  // --- version 1 ----------------------------------------------------------------------------------------------------

  #line(octet: number): void {
    const place = this.#length - 1;
    if (place < LINE_START.length && octet !== LINE_START[place]) this.#fail();
    else if (octet === 0x0a) this.#readLine(this.#kept.toString('latin1', 0, this.#length));
  }

  #readLine(text: string): void {
    const match = LINE.exec(text);
    if (match === null) {
      this.#fail();
      return;
    }
    const [, family, source, destination, sourcePort, destinationPort] = match;
    if (family !== undefined) {
      const address = readAddress(family, source);
      const port = readPort(sourcePort);
      if (address === undefined || readAddress(family, destination) === undefined) this.#fail();
      else if (port === undefined || readPort(destinationPort) === undefined) this.#fail();
      else this.client = { address, port };
    }
    if (this.state === 'more') this.state = 'done';
  }

  // --- version 2 ----------------------------------------------------------------------------------------------------

  #binary(): void {
    const place = this.#length - 1;
    if (place < SIGNATURE.length && this.#kept[place] !== SIGNATURE[place]) this.#fail();
    else if (this.#length === FIXED_OCTETS) this.#measure();
    if (this.state === 'more' && this.#length === this.#total) this.#readAddresses();
  }

  #measure(): void {
    const [command, family] = [this.#kept[12], this.#kept[13]];
    const rest = this.#kept.readUInt16BE(14);
    const least = command === LOCAL || family === UNSPECIFIED ? 0 : family === TCP4 ? TCP4_OCTETS : TCP6_OCTETS;
    const isKnown = command === LOCAL || (command === PROXY && [UNSPECIFIED, TCP4, TCP6].includes(family));
    if (!isKnown || rest < least || rest > REST_MAX_OCTETS) {
      this.#fail();
      return;
    }
    this.#total = FIXED_OCTETS + rest;
    const room = Buffer.alloc(this.#total);
    this.#kept.copy(room, 0, 0, FIXED_OCTETS);
    this.#kept = room;
  }

  #readAddresses(): void {
    const kept = this.#kept;
    const [command, family] = [kept[12], kept[13]];
    this.state = 'done';
    if (command === LOCAL || family === UNSPECIFIED) return;
    const size = family === TCP4 ? 4 : 16;
    this.client = {
      address: formatAddress([...kept.subarray(FIXED_OCTETS, FIXED_OCTETS + size)]),
      port: kept.readUInt16BE(FIXED_OCTETS + 2 * size),
    };
  }

  #fail(): void {
    this.state = 'failed';
  }
}

function readAddress(family: string, text: string): string | undefined {
  if (text.includes(':') !== (family === 'TCP6') || text.includes('%')) return undefined;
  const bytes = parseAddress(text);
  if (bytes === undefined || (family === 'TCP4' && formatAddress(bytes) !== text)) return undefined;
  return formatAddress(bytes);
}

function readPort(text: string): number | undefined {
  const port = Number(text);
  return port <= 65_535 && String(port) === text ? port : undefined;
}
