// `catflap front`: the frontend in the foreground. Everything it needs is loaded before privileges are dropped. SIGTERM
// and SIGINT drain and stop, a second one cuts; SIGHUP and SIGUSR1 reopen the logs.

import { managerPages } from '../admin/pages.ts';
import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { FrontendServer } from '../frontend/server.ts';
import { ErrorLog, eventLevelOf } from '../listener/error-log.ts';
import { LogSinks } from '../listener/log-sinks.ts';
import type { Snapshot } from '../site/model.ts';
import { type ConfigurationOptions, loadConfiguration, printFindings } from './configuration.ts';
import { explain } from './explain.ts';
import type { ResolveRule } from './main.ts';
import { removePidFile, writePidFile } from './pid-file.ts';
import { dropPrivileges } from './privileges.ts';
import { programLog } from './program-log.ts';
import { resolver } from './resolve.ts';
import type { OnSignal } from './signals.ts';

export interface FrontOptions extends ConfigurationOptions {
  readonly resolve?: readonly ResolveRule[];
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
  const resolve = resolver(options.resolve ?? []);
  const server = new FrontendServer(snapshot, { clock: systemClock, log, sinks, resolve, pages: managerPages(log) });
  const { pidFile, user, group } = snapshot.server;
  try {
    await server.listen();
    if (pidFile !== undefined) writePidFile(pidFile, startLog);
    dropPrivileges(user, group);
    for (const { address, port } of server.addresses)
      process.stdout.write(`listening on ${printable(address)}:${port}\n`);
    await untilSignalled(server, log, onSignal);
    return 0;
  } finally {
    // Also after a start that failed half-way: nothing may keep the process.
    server.cut();
    await server.stop();
    if (pidFile !== undefined) removePidFile(pidFile, log);
  }
}

/** Obeys signals; resolves when the server has ended because of one. */
function untilSignalled(server: FrontendServer, log: Log, onSignal: OnSignal): Promise<void> {
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
  return stopped.promise;
}

/** Events go to ErrorLog when the configuration has one, to standard error otherwise. */
function runLog(snapshot: Snapshot, sinks: LogSinks, startLog: Log, asJson: boolean): Log {
  const { errorLog, logLevel } = snapshot.mainHost;
  if (errorLog === undefined || errorLog.startsWith('syslog') || asJson) return startLog;
  return new ErrorLog(sinks.open(errorLog), systemClock, eventLevelOf(logLevel));
}

function printable(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
