// A frontend as one thing to start and stop: a Snapshot's listeners, its running site and its logs.

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { Link } from '../link/link.ts';
import type { Http1Listener } from '../listener/http1-listener.ts';
import { LogSinks } from '../listener/log-sinks.ts';
import type { Snapshot } from '../site/model.ts';
import type { Overlay } from '../site/overlay.ts';
import type { Resolve } from './backend.ts';
import { Frontend } from './frontend.ts';
import { createListeners } from './listening.ts';
import type { PageHandlers } from './page-handler.ts';
import type { RunningBalancers } from './running-balancers.ts';
import { RunningSite } from './running-site.ts';

export interface FrontendServices {
  readonly clock: Clock;
  readonly log: Log;
  /** Where a backend is dialled. Default: where its name says. */
  readonly resolve?: Resolve;
  /** Open logs to share; the server makes and closes its own otherwise. */
  readonly sinks?: LogSinks;
  /** Pages of handlers. Default: none; a handler that httpd knows is then answered 501. */
  readonly pages?: PageHandlers;
  /** Changes made at run time in an earlier life of the server. Default: none. */
  readonly overlay?: Overlay | undefined;
  /** Hears of every change that operators make at run time, when it is in force. */
  readonly changed?: ((balancers: RunningBalancers) => void) | undefined;
}

/** How long a stop waits for requests in progress when GracefulShutdownTimeout says nothing. */
const STOP_PATIENCE_MS = 30_000;

export class FrontendServer {
  readonly #clock: Clock;
  readonly #site: RunningSite;
  readonly #listeners: readonly Http1Listener[];
  readonly #sinks: LogSinks;
  readonly #ownsSinks: boolean;
  readonly #patienceMs: number;
  #stopped: Promise<void> | undefined = undefined;

  /** Opens the logs, binds nothing yet. @throws Failure `log-open-failed` */
  constructor(snapshot: Snapshot, services: FrontendServices) {
    const { clock, log } = services;
    const link = new Link(clock, log);
    this.#clock = clock;
    this.#sinks = services.sinks ?? new LogSinks({ clock, log });
    this.#ownsSinks = services.sinks === undefined;
    this.#patienceMs = snapshot.server.gracefulShutdownTimeoutMs || STOP_PATIENCE_MS;
    const resolve = services.resolve ?? ((host, port) => ({ kind: 'tcp', host, port }));
    this.#site = new RunningSite(snapshot, {
      link,
      log,
      sinks: this.#sinks,
      resolve,
      overlay: services.overlay,
      changed: services.changed,
    });
    this.#listeners = createListeners(snapshot, new Frontend(this.#site, link, log, services.pages), link, log);
  }

  /** Binds every address of the configuration; rejects with Node's error when one cannot be had: nothing is left open. */
  async listen(): Promise<void> {
    const results = await Promise.allSettled(this.#listeners.map((listener) => listener.listen()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return;
    await this.stop();
    throw failed.reason;
  }

  /** Addresses and ports in force; a port matters when 0 was asked for. */
  get addresses(): { address: string; port: number }[] {
    return this.#listeners.map((listener) => listener.address);
  }

  reopenLogs(): void {
    this.#sinks.reopen();
  }

  /** Stops accepting, answers what is in progress within GracefulShutdownTimeout (30 s by default), then cuts. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Cuts every connection; a stop under way ends at once. */
  cut(): void {
    for (const listener of this.#listeners) listener.cut();
  }

  async #stop(): Promise<void> {
    const timer = this.#clock.after(this.#patienceMs, () => this.cut());
    await Promise.all(this.#listeners.map((listener) => listener.stop()));
    timer.cancel();
    this.#site.retire();
    if (this.#ownsSinks) await this.#sinks.close();
  }
}
