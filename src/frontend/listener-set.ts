// The listeners in force, and how they change at a reload: addresses that stay keep their sockets, new ones are bound
// before anything else happens, and those that left stop when the new site is in force. A change that fails undoes itself.

import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { Link } from '../link/link.ts';
import type { Exchange } from '../listener/exchange.ts';
import type { Http1Listener } from '../listener/http1-listener.ts';
import type { Listen, Snapshot } from '../site/model.ts';
import type { Frontend } from './frontend.ts';
import { createListener, listenerSettings, listenKey, servedListens } from './listening.ts';
import { TlsHosts } from './tls/tls-hosts.ts';
import type { TlsStore } from './tls/tls-store.ts';

interface Standing {
  readonly listen: Listen;
  readonly listener: Http1Listener;
}

/** Listeners that are bound and wait for their site. Exactly one of the two is called. */
export interface ListenerChange {
  /** Takes the new settings over and lets the addresses go that left. */
  commit(): void;
  /** Everything is as before. */
  undo(): Promise<void>;
}

export class ListenerSet {
  readonly #frontend: Frontend;
  readonly #link: Link;
  readonly #log: Log;
  readonly #store: TlsStore;
  #current: ReadonlyMap<string, Standing> = new Map();
  /** Of addresses that left, with requests still in progress. */
  readonly #leaving = new Set<Http1Listener>();

  /** Binds nothing yet. @throws Failure `nothing-to-serve`, or about a certificate */
  constructor(snapshot: Snapshot, frontend: Frontend, link: Link, log: Log, store: TlsStore) {
    const tls = new TlsHosts(snapshot, store);
    this.#store = store;
    this.#frontend = frontend;
    this.#link = link;
    this.#log = log;
    this.#current = new Map(
      servedListens(snapshot, log).map((listen) => [listenKey(listen), this.#make(snapshot, listen, tls)]),
    );
  }

  /** Binds every address; rejects with Node's error when one cannot be had, and leaves it to `stop` to close the rest. */
  async listen(): Promise<void> {
    await allOf([...this.#current.values()].map(({ listener }) => listener.listen()));
  }

  get addresses(): { address: string; port: number }[] {
    return [...this.#current.values()].map(({ listener }) => listener.address);
  }

  get connectionCount(): number {
    let count = 0;
    for (const listener of this.#all()) count += listener.connectionCount;
    return count;
  }

  /** Connections that may be open at once. */
  get connectionsMax(): number {
    let sum = 0;
    for (const { listener } of this.#current.values()) sum += listener.settings.connectionsMax;
    return sum;
  }

  /** Requests in progress. */
  *exchanges(): Iterable<Exchange> {
    for (const listener of this.#all()) yield* listener.exchanges();
  }

  /**
   * Binds what a new configuration listens to beside what is listened to already. With numeric addresses everything up
   * to `commit` happens within one turn of the event loop, so that no connection is accepted in between.
   * @throws Failure `listen-failed`, `nothing-to-serve`, or about a certificate; nothing has changed then
   */
  async prepare(snapshot: Snapshot): Promise<ListenerChange> {
    const tls = new TlsHosts(snapshot, this.#store);
    const next = new Map<string, Standing>();
    const added: Standing[] = [];
    for (const listen of servedListens(snapshot, this.#log)) {
      const key = listenKey(listen);
      const kept = this.#current.get(key);
      const standing = kept === undefined ? this.#make(snapshot, listen, tls) : { listen, listener: kept.listener };
      if (kept === undefined) added.push(standing);
      next.set(key, standing);
    }
    const left = [...this.#current].filter(([key]) => !next.has(key)).map(([, standing]) => standing);
    // `*:80` cannot be had beside `127.0.0.1:80`: the one that leaves makes way, for as short as can be.
    const inTheWay = left.filter(({ listen }) => added.some((other) => other.listen.port === listen.port));
    const undo = async (): Promise<void> => {
      await Promise.all(added.map(({ listener }) => listener.stop()));
      for (const { listener, listen } of inTheWay)
        await listener.listen().catch((cause) => {
          this.#log.error('listen-again-failed', { address: listen.address ?? '*', port: listen.port, cause });
        });
    };
    for (const { listener } of inTheWay) listener.unlisten();
    try {
      await allOf(added.map((standing) => bind(standing)));
    } catch (error) {
      await undo();
      throw error;
    }
    return { undo, commit: () => this.#commit(snapshot, next, left, tls) };
  }

  /** Stops accepting, lets requests in progress end; resolves when all connections are gone. */
  async stop(): Promise<void> {
    await Promise.all([...this.#all()].map((listener) => listener.stop()));
  }

  /** Cuts connections. @param which those with such an exchange; default all */
  cut(which?: (exchange: Exchange) => boolean): void {
    for (const listener of this.#all()) listener.cut(which);
  }

  #commit(snapshot: Snapshot, next: ReadonlyMap<string, Standing>, left: readonly Standing[], tls: TlsHosts): void {
    this.#current = next;
    for (const { listen, listener } of next.values()) listener.settings = listenerSettings(snapshot, listen, tls);
    for (const { listener } of left) {
      this.#leaving.add(listener);
      void listener.stop().then(() => this.#leaving.delete(listener));
    }
  }

  #make(snapshot: Snapshot, listen: Listen, tls: TlsHosts): Standing {
    return { listen, listener: createListener(snapshot, listen, this.#frontend, this.#link, this.#log, tls) };
  }

  *#all(): Iterable<Http1Listener> {
    for (const { listener } of this.#current.values()) yield listener;
    yield* this.#leaving;
  }
}

async function bind({ listen, listener }: Standing): Promise<void> {
  try {
    await listener.listen();
  } catch (cause) {
    const { place } = listen;
    throw new Failure('listen-failed', 'internal', `${place.file}:${place.line}: Listen cannot be carried out`, {
      cause,
    });
  }
}

/** Waits for all of them, however they end; rejects with the first error. */
async function allOf(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
