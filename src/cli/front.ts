// `catflap front`: the frontend in the foreground. Everything it needs is loaded before privileges are dropped. SIGTERM
// and SIGINT drain and stop, a second one cuts; SIGHUP and SIGUSR1 reopen the logs.

import { rmSync, writeFileSync } from 'node:fs';
import { systemClock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { FrontendServer } from '../frontend/server.ts';
import { ErrorLog, eventLevelOf } from '../listener/error-log.ts';
import { LogSinks } from '../listener/log-sinks.ts';
import type { Snapshot } from '../site/model.ts';
import { type ConfigurationOptions, loadConfiguration, printFindings } from './configuration.ts';
import type { ResolveRule } from './main.ts';
import { dropPrivileges } from './privileges.ts';
import { programLog } from './program-log.ts';
import { resolver } from './resolve.ts';
import type { OnSignal } from './signals.ts';

export interface FrontOptions extends ConfigurationOptions {
  readonly resolve: readonly ResolveRule[];
  readonly jsonLog?: boolean;
}

export async function runFront(options: FrontOptions, onSignal: OnSignal): Promise<number> {
  const { snapshot, findings } = loadConfiguration(options, false);
  printFindings(findings, process.stderr);
  if (snapshot === undefined) {
    process.stderr.write('The frontend does not start: the configuration has errors.\n');
    return 1;
  }
  const log = programLog(options.jsonLog === true);
  const sinks = new LogSinks({ clock: systemClock, log });
  try {
    return await serve(snapshot, options, log, sinks, onSignal);
  } catch (error) {
    process.stderr.write(`The frontend does not start: ${explain(error)}\n`);
    return 1;
  } finally {
    await sinks.close();
  }
}

async function serve(
  snapshot: Snapshot,
  options: FrontOptions,
  startLog: Log,
  sinks: LogSinks,
  onSignal: OnSignal,
): Promise<number> {
  const log = runLog(snapshot, sinks, startLog, options.jsonLog === true);
  const server = new FrontendServer(snapshot, { clock: systemClock, log, sinks, resolve: resolver(options.resolve) });
  await server.listen();
  if (snapshot.server.pidFile !== undefined) writePidFile(snapshot.server.pidFile, startLog);
  dropPrivileges(snapshot.server.user, snapshot.server.group);
  for (const { address, port } of server.addresses)
    process.stdout.write(`listening on ${printable(address)}:${port}\n`);

  const stopped = Promise.withResolvers<void>();
  let isStopping = false;
  onSignal((signal) => {
    if (signal === 'SIGHUP' || signal === 'SIGUSR1') {
      server.reopenLogs();
      log.info('logs-reopened', { signal });
    } else if (isStopping) server.cut();
    else {
      isStopping = true;
      log.info('stopping', { signal });
      server.stop().then(stopped.resolve, stopped.reject);
    }
  });
  await stopped.promise;
  if (snapshot.server.pidFile !== undefined) rmSync(snapshot.server.pidFile, { force: true });
  return 0;
}

/** Events go to ErrorLog when the configuration has one, to standard error otherwise. */
function runLog(snapshot: Snapshot, sinks: LogSinks, startLog: Log, asJson: boolean): Log {
  const { errorLog, logLevel } = snapshot.mainHost;
  if (errorLog === undefined || errorLog.startsWith('syslog') || asJson) return startLog;
  return new ErrorLog(sinks.open(errorLog), systemClock, eventLevelOf(logLevel));
}

function writePidFile(path: string, log: Log): void {
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    log.warn('pid-file-unwritten', { file: path, error: explain(error) });
  }
}

function explain(error: unknown): string {
  if (error instanceof Failure) return error.message;
  const { code, address, port, message } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE')
    return `${address}:${port} is taken by another process; choose another port in the Listen line`;
  if (code === 'EACCES' && port !== undefined)
    return `port ${port} is only for root; start as root, or choose a port above 1023`;
  if (code === 'EADDRNOTAVAIL') return `${address} is not an address of this machine; correct the Listen line`;
  return message;
}

function printable(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
