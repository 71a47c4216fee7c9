// Heartbeats of backends for lbmethod=heartbeat: heard as datagrams or posted to SetHandler heartbeat and kept here, or
// read from a file that another program writes. A reload with the same address goes on listening.

import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import type { Loads } from '../../balancer/loads.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { DatagramListener } from '../../link/datagrams.ts';
import type { HeartbeatSettings } from '../../site/model.ts';
import {
  HEARTBEAT_BYTES_MAX,
  type Heartbeat,
  readHeartbeat,
  readStorage,
  type StoredHeartbeat,
  spared,
} from './heartbeat.ts';

/** What is older counts for nothing (httpd: LBM_HEARTBEAT_MAX_LASTSEEN). */
const FRESH_MS = 10_000;
/** A server that was silent for so long makes room for another. */
const FORGET_MS = 30_000;
/** Servers kept when HeartbeatMaxServers says 0, which is without limit in httpd. */
const SERVERS_MAX = 1000;
/** How often the file is looked at, at most; and how often one is written. */
const LOOK_MS = 200;
const WRITE_MS = 5_000;
/** Octets of the file that are read. */
const FILE_BYTES_MAX = 1024 * 1024;

interface Kept extends Heartbeat {
  readonly seenAt: number;
}

export class Heartbeats implements Loads {
  readonly #clock: Clock;
  readonly #log: Log;
  #settings: HeartbeatSettings;
  readonly #servers = new Map<string, Kept>();
  #listener: DatagramListener | undefined = undefined;
  #writing: Timer | undefined = undefined;
  /** The file as it was read last: what tells its versions apart, and what it said. */
  #version = '';
  #stored: ReadonlyMap<string, StoredHeartbeat> = new Map();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isTold = false;

  constructor(settings: HeartbeatSettings, clock: Clock, log: Log) {
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
  }

  // --- for the balancer ---------------------------------------------------------------------------------------------

  ready(host: string): number | undefined {
    const { isKept, listen } = this.#settings;
    if (isKept || listen !== undefined) {
      const server = this.#servers.get(host);
      if (server === undefined || this.#clock.now() - server.seenAt >= FRESH_MS) return undefined;
      return spared(server.ready, server.busy);
    }
    this.#look();
    const stored = this.#stored.get(host);
    return stored === undefined || stored.age * 1000 >= FRESH_MS ? undefined : stored.ready;
  }

  // --- hearing ------------------------------------------------------------------------------------------------------

  /** Begins to hear what the settings name. @throws Node's error when the address cannot be had */
  async start(): Promise<void> {
    const { listen, maxServers } = this.#settings;
    if (listen === undefined) return;
    this.#listener = await DatagramListener.open(listen.host, listen.port, {
      heard: (bytes, from) => this.#heard(bytes, from),
      failed: (error) => this.#log.error('heartbeat-listen-failed', { error: error.message }),
    });
    if (maxServers === 0) this.#writeLater();
  }

  /** Goes on under other settings. An address that cannot be had is told in the log: the site is in force without it. */
  async change(settings: HeartbeatSettings): Promise<void> {
    const before = this.#settings;
    this.#settings = settings;
    this.#version = '';
    this.#lookedAt = Number.NEGATIVE_INFINITY;
    const isSame = JSON.stringify(placeless(before)) === JSON.stringify(placeless(settings));
    if (isSame && this.#listener !== undefined) return;
    this.stop();
    await this.start().catch((error: Error) => {
      this.#log.error('heartbeat-listen-failed', { error: error.message, ...settings.listen });
    });
  }

  stop(): void {
    this.#listener?.close();
    this.#listener = undefined;
    this.#writing?.cancel();
    this.#writing = undefined;
  }

  /** Whether anything is heard: httpd refuses what is posted otherwise. */
  get isActive(): boolean {
    return this.#settings.listen !== undefined;
  }

  /** Keeps a report. @param host address it came from @returns false when it is none */
  keep(host: string, text: string, needsVersion: boolean): boolean {
    const heartbeat = readHeartbeat(text, needsVersion);
    if (heartbeat === undefined) return false;
    if (this.#servers.has(host) || this.#hasRoom()) {
      this.#servers.set(host, { ...heartbeat, seenAt: this.#clock.now() });
    } else if (!this.#isTold) {
      this.#isTold = true;
      this.#log.warn('heartbeat-servers-full', { host, mend: 'raise HeartbeatMaxServers' });
    }
    return true;
  }

  #heard(bytes: Buffer, from: string): void {
    const text = bytes.toString('latin1', 0, Math.min(bytes.length, HEARTBEAT_BYTES_MAX + 1));
    if (!this.keep(from, text, true)) this.#log.debug('heartbeat-malformed', { from, bytes: bytes.length });
  }

  #hasRoom(): boolean {
    const most = Math.min(this.#settings.maxServers || SERVERS_MAX, SERVERS_MAX);
    if (this.#servers.size < most) return true;
    const oldest = this.#clock.now() - FORGET_MS;
    for (const [host, { seenAt }] of this.#servers) if (seenAt < oldest) this.#servers.delete(host);
    return this.#servers.size < most;
  }

  // --- the file -----------------------------------------------------------------------------------------------------

  /** Reads the file again when it has changed. A file that cannot be read is as if nobody had been heard. */
  #look(): void {
    const now = this.#clock.now();
    if (now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    const { storage } = this.#settings;
    try {
      const { ino, size, mtimeMs } = statSync(storage);
      const version = `${ino} ${size} ${mtimeMs}`;
      if (version === this.#version) return;
      if (size > FILE_BYTES_MAX) throw new Error(`it has more than ${FILE_BYTES_MAX} octets`);
      this.#stored = readStorage(readFileSync(storage, 'latin1'));
      this.#version = version;
      this.#isTold = false;
    } catch (error) {
      this.#stored = new Map();
      this.#version = '';
      if (!this.#isTold) this.#log.warn('heartbeats-unread', { file: storage, error: (error as Error).message });
      this.#isTold = true;
    }
  }

  #writeLater(): void {
    this.#writing = this.#clock.after(WRITE_MS, () => {
      this.#write();
      this.#writeLater();
    });
  }

  #write(): void {
    const { storage } = this.#settings;
    const now = this.#clock.now();
    const lines = [...this.#servers].map(
      ([host, { ready, busy, port, seenAt }]) =>
        `${host} &ready=${ready}&busy=${busy}&lastseen=${Math.floor((now - seenAt) / 1000)}&port=${port}\n`,
    );
    try {
      writeFileSync(`${storage}.new`, lines.join(''), { mode: 0o644 });
      renameSync(`${storage}.new`, storage);
    } catch (error) {
      if (!this.#isTold) this.#log.warn('heartbeats-unwritten', { file: storage, error: (error as Error).message });
      this.#isTold = true;
    }
  }
}

function placeless({ listen, ...rest }: HeartbeatSettings): object {
  return { ...rest, host: listen?.host, port: listen?.port };
}
