// A frontend as one thing to start, reload and stop: a Snapshot's listeners, its running site and its logs.

import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { diskFiles, type FileReader } from '../config/files.ts';
import { Link, type ListenInstead } from '../link/link.ts';
import type { Resolver } from '../link/names.ts';
import type { Exchange } from '../listener/exchange.ts';
import { LogSinks } from '../listener/log-sinks.ts';
import type { Snapshot } from '../site/model.ts';
import type { ServerFacts } from './activity.ts';
import { ChangesFile } from './changes-file.ts';
import type { Explanation } from './explain/explanation.ts';
import { explainRequest, type Question } from './explain/rehearsal.ts';
import { Frontend } from './frontend.ts';
import { HeartbeatPage } from './heartbeats/heartbeat-page.ts';
import { Heartbeats } from './heartbeats/heartbeats.ts';
import { ListenerSet } from './listener-set.ts';
import type { PageHandler, PageHandlers } from './page-handler.ts';
import { RunningSite, type SiteServices } from './running-site.ts';
import { TlsStore } from './tls/tls-store.ts';
import type { Resolve } from './upstream/backend.ts';
import type { Visit } from './visit.ts';

export interface FrontendServices {
  readonly clock: Clock;
  readonly log: Log;
  /** Where a backend is dialled. Default: where its name says. */
  readonly resolve?: Resolve;
  /** Who knows the addresses of names. Default: the system. */
  readonly resolver?: Resolver;
  /** Open logs to share; the server makes and closes its own otherwise. */
  readonly sinks?: LogSinks;
  /** Pages of handlers. Default: none; a handler that httpd knows is then answered 501. */
  readonly pages?: PageHandlers;
  /** A number from 0 up to, but not including, 1: for lbmethod=heartbeat. Default: the platform's. */
  readonly random?: () => number;
  /** Files that the configuration names. Default: the machine's. */
  readonly files?: FileReader | undefined;
  /** Binds what this process may not. Default: nobody. */
  readonly listenInstead?: ListenInstead | undefined;
  /** A reload has put this configuration in force; logs that only the old one had are closed after this. */
  readonly inForce?: (snapshot: Snapshot) => void;
}

/** How a reload treats what was. */
export type ReloadManner =
  /** Members keep counters, errors and connections; old requests take as long as they take. */
  | 'graceful'
  /** Members begin anew; old requests are cut when a stop would cut them. */
  | 'restart';

/** How long a stop or restart waits for requests in progress when GracefulShutdownTimeout says nothing. */
const STOP_PATIENCE_MS = 30_000;

export class FrontendServer implements ServerFacts {
  readonly #clock: Clock;
  readonly #frontend: Frontend;
  readonly #listeners: ListenerSet;
  readonly #services: SiteServices;
  readonly #changes: ChangesFile;
  readonly #heartbeats: Heartbeats;
  readonly #ownsSinks: boolean;
  readonly #inForce: (snapshot: Snapshot) => void;
  /** Replaced, with exchanges still in progress. */
  readonly #draining = new Set<RunningSite>();
  #generation = 1;
  #stopped: Promise<void> | undefined = undefined;

  /** Opens the logs, binds nothing yet. @throws Failure `log-open-failed` */
  constructor(snapshot: Snapshot, services: FrontendServices) {
    const { clock, log } = services;
    const link = new Link(clock, log, services.resolver, services.listenInstead);
    const files = services.files ?? diskFiles;
    const tlsStore = new TlsStore(files, log);
    this.#clock = clock;
    this.#ownsSinks = services.sinks === undefined;
    this.#inForce = services.inForce ?? (() => {});
    this.#heartbeats = new Heartbeats(snapshot.server.heartbeat, clock, log);
    this.#services = {
      link,
      log,
      sinks: services.sinks ?? new LogSinks({ clock, log }),
      resolve: services.resolve ?? ((host, port) => ({ kind: 'tcp', host, port })),
      files,
      tlsStore,
      changed: ({ overlay }) => this.#changes.save(this.site.snapshot, overlay),
      heartbeats: { loads: this.#heartbeats, random: services.random ?? Math.random },
    };
    this.#changes = new ChangesFile(log);
    const site = this.#start(snapshot);
    const pages = new Map<string, PageHandler>(services.pages).set('heartbeat', new HeartbeatPage(this.#heartbeats));
    this.#frontend = new Frontend(site, link, log, pages, this);
    this.#listeners = new ListenerSet(snapshot, this.#frontend, link, log, tlsStore);
  }

  /** Binds every address of the configuration; rejects with Node's error when one cannot be had: nothing is left open. */
  async listen(): Promise<void> {
    try {
      await this.#listeners.listen();
      await this.#heartbeats.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Addresses and ports in force; a port matters when 0 was asked for. */
  get addresses(): { address: string; port: number }[] {
    return this.#listeners.addresses;
  }

  /** Says why a request would be answered as it would, from the state that is in force. @throws Failure `bad-url`, `bad-question` */
  explain(question: Question): Promise<Explanation> {
    return explainRequest(this.#frontend, question);
  }

  /** The site in force. */
  get site(): RunningSite {
    return this.#frontend.site;
  }

  /** Counts configurations in force, from 1. */
  get generation(): number {
    return this.#generation;
  }

  /** Earlier sites that still have requests in progress. */
  get drainingCount(): number {
    return this.#draining.size;
  }

  get connectionCount(): number {
    return this.#listeners.connectionCount;
  }

  get connectionsMax(): number {
    return this.#listeners.connectionsMax;
  }

  get savesChanges(): boolean {
    return this.#changes.canSave(this.site.snapshot);
  }

  exchanges(): Iterable<Exchange> {
    return this.#listeners.exchanges();
  }

  get sinks(): LogSinks {
    return this.#services.sinks;
  }

  reopenLogs(): void {
    this.sinks.reopen();
  }

  /**
   * Puts another configuration in force. Sockets of addresses that stay remain open, connections stay, requests in
   * progress end under the old site, and the next ones come to the new. Logs are opened anew. One reload at a time.
   * @throws Failure `listen-failed`, `log-open-failed` …: everything is as it was, but the logs have been reopened
   */
  async reload(snapshot: Snapshot, manner: ReloadManner = 'graceful'): Promise<void> {
    this.reopenLogs();
    const old = this.site;
    const change = await this.#listeners.prepare(snapshot);
    let site: RunningSite;
    try {
      if (this.#stopped !== undefined) throw new Failure('stopping', 'internal', 'the frontend is stopping');
      site = manner === 'graceful' ? new RunningSite(snapshot, this.#services, old) : this.#start(snapshot);
    } catch (error) {
      await change.undo();
      this.#closeUnusedLogs();
      throw error;
    }
    this.#generation++;
    this.#inForce(snapshot);
    this.#draining.add(old);
    this.#frontend.swap(site, () => {
      this.#draining.delete(old);
      this.#closeUnusedLogs();
    });
    change.commit();
    this.#changes.save(snapshot, site.balancers.overlay);
    await this.#heartbeats.change(snapshot.server.heartbeat);
    if (manner === 'restart') this.#cutLater(old);
  }

  /**
   * Stops accepting, answers what is in progress, then cuts.
   * @param patienceMs how long it waits. Default GracefulShutdownTimeout, or 30 s
   */
  stop(patienceMs: number = this.#patienceMs): Promise<void> {
    this.#stopped ??= this.#stop(patienceMs);
    return this.#stopped;
  }

  /** Cuts every connection; a stop under way ends at once. */
  cut(): void {
    this.#listeners.cut();
  }

  get #patienceMs(): number {
    return this.site.snapshot.server.gracefulShutdownTimeoutMs || STOP_PATIENCE_MS;
  }

  async #stop(patienceMs: number): Promise<void> {
    const timer = Number.isFinite(patienceMs) ? this.#clock.after(patienceMs, () => this.cut()) : undefined;
    this.#heartbeats.stop();
    await this.#listeners.stop();
    timer?.cancel();
    this.site.retire();
    this.#frontend.close();
    if (this.#ownsSinks) await this.sinks.close();
  }

  /** A site that follows no other, with the changes that were saved for it. */
  #start(snapshot: Snapshot): RunningSite {
    return new RunningSite(snapshot, { ...this.#services, overlay: this.#changes.load(snapshot) });
  }

  #cutLater(old: RunningSite): void {
    this.#clock.after(this.#patienceMs, () => {
      if (this.#draining.has(old))
        this.#listeners.cut((exchange) => (exchange.attachment as Visit | undefined)?.site === old);
    });
  }

  #closeUnusedLogs(): void {
    const targets = [this.site, ...this.#draining].flatMap((site) => site.logTargets);
    void this.sinks.retain(new Set(targets));
  }
}
