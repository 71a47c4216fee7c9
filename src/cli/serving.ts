// The frontend as a running process: started, told apart by signals and the control socket, reloaded, stopped. Everything
// it needs is loaded before privileges are dropped.

import { managerPages } from '../admin/pages.ts';
import { systemClock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { type Log, silentLog } from '../base/log.ts';
import { formatFinding } from '../config/finding.ts';
import { ControlRegistry } from '../control/registry.ts';
import { registerFrontend } from '../frontend/report.ts';
import { FrontendServer, type ReloadManner } from '../frontend/server.ts';
import { ErrorLog, eventLevelOf } from '../listener/error-log.ts';
import { LogSinks } from '../listener/log-sinks.ts';
import { whatNeedsRestart } from '../site/changes/needs-restart.ts';
import type { Snapshot } from '../site/model.ts';
import { type ConfigurationOptions, controlPathOf, loadToServe, nameOf } from './configuration.ts';
import { ControlSocket } from './control-socket.ts';
import { type Background, forBackground } from './detach.ts';
import { version } from './dumps.ts';
import { explain } from './explain.ts';
import { Keeper } from './keeper.ts';
import type { ResolveRule } from './main.ts';
import { type Notify, serviceNotifier } from './notify.ts';
import { removePidFile, writePidFile } from './pid-file.ts';
import { dropPrivileges, willDropRoot } from './privileges.ts';
import { programLog } from './program-log.ts';
import { Reloader } from './reloader.ts';
import { resolver } from './resolve.ts';
import type { OnSignal, SignalName } from './signals.ts';
import { SwitchedLog } from './switched-log.ts';

export interface ServingOptions extends ConfigurationOptions {
  readonly resolve?: readonly ResolveRule[];
  readonly jsonLog?: boolean;
  /** Path of the control socket, or `none`. */
  readonly control?: string;
  /** `-T`: DocumentRoots may be missing. */
  readonly skipDocumentRoot?: boolean;
  /** A PidFile is written even when the configuration names none: `-k` needs it. */
  readonly pidFile?: string;
}

/** Findings of a reload that are told one by one. */
const FINDINGS_TOLD = 50;

/** Serves until it is told to stop. @returns the exit code */
export async function serveInProcess(
  snapshot: Snapshot,
  options: ServingOptions,
  background: Background,
  onSignal: OnSignal,
): Promise<number> {
  const startLog = programLog(options.jsonLog === true);
  const log = new SwitchedLog(startLog);
  const keeper = willDropRoot(snapshot.server.user) ? new Keeper(systemClock, log, startLog) : undefined;
  const sinks = new LogSinks({ clock: systemClock, log: startLog, openInstead: keeper?.openLog });
  try {
    const start = background.isDetached ? forBackground(snapshot) : snapshot;
    const serving = new Serving(start, options, { log, startLog, sinks, background, keeper });
    try {
      await serving.start();
      await serving.untilStopped(onSignal);
      return 0;
    } finally {
      await serving.end();
    }
  } catch (error) {
    background.failed(`The frontend does not start: ${explain(error)}`);
    return 1;
  } finally {
    await sinks.close();
    await keeper?.end();
  }
}

interface ServingParts {
  readonly log: SwitchedLog;
  /** Standard error. */
  readonly startLog: Log;
  readonly sinks: LogSinks;
  readonly background: Background;
  /** Stays root; undefined when this process stays who it is. */
  readonly keeper: Keeper | undefined;
}

class Serving {
  readonly #options: ServingOptions;
  readonly #parts: ServingParts;
  readonly #server: FrontendServer;
  readonly #registry = new ControlRegistry();
  readonly #reloader: Reloader;
  readonly #notify: Notify;
  readonly #startedAt = systemClock.wall();
  readonly #stopped = Promise.withResolvers<void>();
  #isStopping = false;
  /** The configuration the process began with, and the one in force. */
  readonly #start: Snapshot;
  #snapshot: Snapshot;
  #pidFile: string | undefined;
  #control: ControlSocket | undefined = undefined;

  /** Opens the logs. @throws Failure */
  constructor(snapshot: Snapshot, options: ServingOptions, parts: ServingParts) {
    const { log, sinks, keeper } = parts;
    this.#options = options;
    this.#parts = parts;
    this.#start = snapshot;
    this.#snapshot = snapshot;
    this.#pidFile = snapshot.server.pidFile ?? options.pidFile;
    log.target = this.#logFor(snapshot);
    this.#server = new FrontendServer(snapshot, {
      clock: systemClock,
      log,
      sinks,
      resolve: resolver(options.resolve ?? []),
      pages: managerPages(log),
      files: keeper?.files,
      listenInstead: keeper?.listen,
      inForce: (next) => this.#inForce(next),
    });
    this.#reloader = new Reloader((manner) => this.#reload(manner), systemClock, log);
    this.#notify = serviceNotifier(process.env, log);
  }

  /** Binds, writes PidFile, opens the control socket, gives privileges up, and tells whoever waits. */
  async start(): Promise<void> {
    const { startLog, background, keeper } = this.#parts;
    const { user, group } = this.#start.server;
    // Before anything is served: as root nobody should be served for longer than it takes.
    await keeper?.ready();
    await this.#server.listen();
    if (this.#pidFile !== undefined) writePidFile(this.#pidFile, startLog);
    await this.#openControl();
    dropPrivileges(user, group);
    keeper?.begin(this.#snapshot, this.#options, background.isDetached, this.#control?.path);
    const addresses = background.isDetached ? [] : this.#server.addresses;
    for (const { address, port } of addresses) process.stdout.write(`listening on ${printable(address)}:${port}\n`);
    background.ready();
    this.#notify('ready');
  }

  /** Obeys signals and the control socket; resolves when the server has ended because of one. */
  untilStopped(onSignal: OnSignal): Promise<void> {
    onSignal((signal) => this.#signalled(signal));
    return this.#stopped.promise;
  }

  /** Also after a start that failed half-way: nothing may keep the process. */
  async end(): Promise<void> {
    this.#server.cut();
    await this.#server.stop();
    await this.#control?.close();
    if (this.#pidFile !== undefined) removePidFile(this.#pidFile, this.#pidFileLog);
  }

  #signalled(signal: SignalName): void {
    switch (signal) {
      case 'SIGUSR1':
        void this.#reloader.request('graceful');
        return;
      case 'SIGHUP':
        void this.#reloader.request('restart');
        return;
      case 'SIGWINCH':
        // A terminal sends it whenever its window changes.
        if (!isAtTerminal()) this.#stop({ signal }, this.#gracefulPatienceMs);
        return;
      default:
        this.#stop({ signal });
    }
  }

  /** As httpd's GracefulShutdownTimeout has it: 0 waits for as long as it takes. */
  get #gracefulPatienceMs(): number {
    return this.#snapshot.server.gracefulShutdownTimeoutMs || Number.POSITIVE_INFINITY;
  }

  /** The second wish cuts. */
  #stop(facts: Readonly<Record<string, unknown>>, patienceMs?: number): void {
    if (this.#isStopping) {
      this.#server.cut();
      return;
    }
    this.#isStopping = true;
    this.#parts.log.info('stopping', facts);
    this.#notify('stopping');
    this.#server.stop(patienceMs).then(this.#stopped.resolve, this.#stopped.reject);
  }

  // --- reloading ----------------------------------------------------------------------------------------------------

  async #reload(manner: ReloadManner): Promise<void> {
    if (this.#isStopping) throw new Failure('stopping', 'internal', 'the frontend is stopping');
    const { log, keeper } = this.#parts;
    this.#notify('reloading');
    try {
      await keeper?.read();
      const { snapshot: read, findings } = loadToServe(this.#options, keeper?.files);
      if (read === undefined) {
        // The configuration is wrong, but whoever rotates logs has moved them already.
        this.#server.reopenLogs();
        const errors = findings.filter(({ severity }) => severity === 'error');
        for (const error of errors.slice(1, FINDINGS_TOLD))
          log.error('configuration-error', { finding: formatFinding(error) });
        const more = errors.length > 1 ? `, and ${errors.length - 1} more` : '';
        throw new Failure('configuration-wrong', 'internal', `${formatFinding(errors[0])}${more}`);
      }
      const snapshot = this.#parts.background.isDetached ? forBackground(read) : read;
      const known = new Set(this.#snapshot.findings.map(formatFinding));
      const fresh = [
        ...findings.filter(({ severity }) => severity === 'warning'),
        ...whatNeedsRestart(this.#start, snapshot),
      ];
      await this.#server.reload(snapshot, manner);
      for (const finding of fresh.filter((each) => !known.has(formatFinding(each))).slice(0, FINDINGS_TOLD))
        log.warn('configuration-warning', { finding: formatFinding(finding) });
    } finally {
      keeper?.forget();
      this.#notify('ready');
    }
  }

  #inForce(next: Snapshot): void {
    this.#snapshot = next;
    const { log } = this.#parts;
    log.target = this.#logFor(next);
    const pidFile = next.server.pidFile ?? this.#options.pidFile;
    if (pidFile !== this.#pidFile) {
      if (this.#pidFile !== undefined) removePidFile(this.#pidFile, this.#pidFileLog);
      this.#pidFile = pidFile;
      if (pidFile !== undefined) writePidFile(pidFile, this.#pidFileLog);
    }
    this.#parts.keeper?.inForce();
  }

  /** Where User may not write, a keeper does. */
  get #pidFileLog(): Log {
    const { keeper, log } = this.#parts;
    return keeper?.pid === undefined ? log : silentLog;
  }

  /** Events go to ErrorLog when the configuration has one, to standard error otherwise. */
  #logFor(snapshot: Snapshot): Log {
    const { startLog, sinks } = this.#parts;
    const { errorLog, logLevel } = snapshot.mainHost;
    if (errorLog === undefined || /^syslog/i.test(errorLog) || this.#options.jsonLog === true) return startLog;
    return new ErrorLog(sinks.open(errorLog), systemClock, eventLevelOf(logLevel));
  }

  // --- what an operator sees and does -------------------------------------------------------------------------------

  async #openControl(): Promise<void> {
    const registry = this.#registry;
    registerFrontend(registry, this.#server, systemClock);
    registry.addResource({
      name: 'process',
      description: 'The process, its configuration, and how reloads went.',
      read: () => this.#report(),
    });
    registry.addOperation({
      name: 'reload',
      description: 'Reads the configuration again and puts it in force; `manner` is graceful or restart.',
      run: async ({ manner = 'graceful' }) => {
        if (manner !== 'graceful' && manner !== 'restart')
          throw new Failure('bad-argument', 'downstream', '`manner` is graceful or restart');
        const report = await this.#reloader.request(manner);
        if (!report.isDone) throw new Failure('reload-failed', 'internal', report.error ?? '');
        return report;
      },
    });
    registry.addOperation({
      name: 'stop',
      description: 'Ends the process when requests in progress have ended; a second time cuts them.',
      run: () => {
        this.#stop({ by: 'control' });
        return { isStopping: true };
      },
    });
    registry.addOperation({
      name: 'reopen-logs',
      description: 'Opens all logs anew, after they were moved away.',
      run: async () => {
        await this.#parts.keeper?.read();
        this.#parts.keeper?.forget();
        this.#server.reopenLogs();
      },
    });
    const { control } = this.#options;
    if (control === 'none') return;
    try {
      const facts = { product: 'catflap', version: version(), pid: process.pid };
      const path = control ?? controlPathOf(this.#start.server, this.#options);
      this.#control = await ControlSocket.open(path, registry, facts, this.#parts.log);
    } catch (error) {
      // Who named a path wants it; otherwise it costs the comfort, not the service.
      if (control !== undefined) throw error;
      const isUnasked = error instanceof Failure && error.code === 'control-folder-missing';
      this.#parts.log[isUnasked ? 'info' : 'warn']('control-socket-unopened', { error: explain(error) });
    }
  }

  #report(): unknown {
    const { serverRoot } = this.#options;
    return {
      pid: process.pid,
      keeperPid: this.#parts.keeper?.pid ?? null,
      version: version(),
      node: process.versions.node,
      startedAt: new Date(this.#startedAt).toISOString(),
      uptimeSeconds: Math.round((systemClock.wall() - this.#startedAt) / 1000),
      residentBytes: process.memoryUsage.rss(),
      file: nameOf(this.#options),
      serverRoot: serverRoot ?? null,
      pidFile: this.#pidFile ?? null,
      isStopping: this.#isStopping,
      generation: this.#server.generation,
      warnings: this.#snapshot.findings.filter(({ severity }) => severity === 'warning').length,
      reloads: this.#reloader.report,
    };
  }
}

function isAtTerminal(): boolean {
  return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
}

function printable(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
