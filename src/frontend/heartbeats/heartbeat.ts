// What a backend tells of itself: `v=1&ready=N&busy=N&port=N`, as mod_heartbeat and Tomcat's HeartbeatListener send it in a
// datagram or a POST, and the lines of a file of such. Numbers are read as httpd reads them (measured); octets in, data out.

import { leadingInteger } from '../../site/worker-parameters.ts';

/** One report. */
export interface Heartbeat {
  /** Threads that are free. */
  readonly ready: number;
  readonly busy: number;
  /** Port of the backend; 80 when it does not say. */
  readonly port: number;
}

/** Octets of a report; longer ones are refused (httpd: MAX_MSG_LEN). */
export const HEARTBEAT_BYTES_MAX = 1000;
/** Largest number of threads that is believed. */
const THREADS_MAX = 1_000_000;

/**
 * Reads a report.
 * @param needsVersion datagrams must say `v=`, whatever it is; what is posted need not
 * @returns undefined when it is none
 */
export function readHeartbeat(text: string, needsVersion: boolean): Heartbeat | undefined {
  if (text.length > HEARTBEAT_BYTES_MAX) return undefined;
  const pairs = pairsOf(text);
  const ready = pairs.get('ready');
  const busy = pairs.get('busy');
  if (ready === undefined || busy === undefined || (needsVersion && !pairs.has('v'))) return undefined;
  const port = Number(/^\d{1,5}$/.exec(pairs.get('port') ?? '')?.[0] ?? 80);
  return { ready: threads(ready), busy: threads(busy), port };
}

/** What a file of heartbeats says of a host, lines of the same host laid over each other. */
export interface StoredHeartbeat {
  ready: number;
  busy: number;
  /** Seconds before the file was written. */
  age: number;
}

/** Hosts in a file; further ones are left out. */
const HOSTS_MAX = 10_000;

/** Reads the text of a HeartbeatStorage file: `host &ready=N&busy=N&lastseen=S&port=N`, a line each. */
export function readStorage(text: string): Map<string, StoredHeartbeat> {
  const hosts = new Map<string, StoredHeartbeat>();
  for (const line of text.split('\n')) {
    const blank = line.indexOf(' ');
    if (blank < 0 || line.startsWith('#')) continue;
    const host = line.slice(0, blank);
    let entry = hosts.get(host);
    if (entry === undefined) {
      if (hosts.size >= HOSTS_MAX) continue;
      entry = { ready: 0, busy: 0, age: 0 };
      hosts.set(host, entry);
    }
    const pairs = pairsOf(line.slice(blank + 1).trimEnd());
    const [ready, busy, age] = ['ready', 'busy', 'lastseen'].map((name) => pairs.get(name));
    if (ready !== undefined) entry.ready = threads(ready);
    if (busy !== undefined) entry.busy = threads(busy);
    if (age !== undefined) entry.age = leadingInteger(age);
    // A server without a request has most likely just started: it is not flooded.
    entry.ready = spared(entry.ready, entry.busy);
  }
  return hosts;
}

/** Free threads that count: a quarter of them while the server is idle, for it may have just started (as in httpd). */
export function spared(ready: number, busy: number): number {
  return busy === 0 ? Math.trunc(ready / 4) : ready;
}

function threads(text: string): number {
  return Math.min(Math.max(leadingInteger(text), 0), THREADS_MAX);
}

/** `a=1&b=2`, percent-decoded; the last of a name counts. */
function pairsOf(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const part of text.split('&')) {
    const equals = part.indexOf('=');
    if (equals > 0) pairs.set(decoded(part.slice(0, equals)), decoded(part.slice(equals + 1)));
  }
  return pairs;
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
