// `catflap`: the frontend as a library. Here the real clock is chosen.

import { managerPages } from './admin/pages.ts';
import { systemClock } from './base/clock.ts';
import { type Log, silentLog } from './base/log.ts';
import { diskFiles } from './config/files.ts';
import type { Finding } from './config/finding.ts';
import { FrontendServer } from './frontend/server.ts';
import { checkSite } from './site/check/check.ts';
import { loadSite } from './site/load.ts';

export { Failure, type FailureSource } from './base/failure.ts';
export type { Log, LogFields } from './base/log.ts';
export { type Finding, formatFinding, type Severity } from './config/finding.ts';

export interface FrontendOptions {
  /** The configuration file, `httpd.conf`. */
  readonly file: string;
  /** Where relative paths begin (`-d`). Default: the folder of `file`. */
  readonly serverRoot?: string;
  /** Directives to read before and after the file (`-C`, `-c`). */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** Names for `<IfDefine>` (`-D`). */
  readonly defines?: readonly string[];
  /** Default: forgets everything. */
  readonly log?: Log;
}

/** A frontend that serves. */
export interface RunningFrontend {
  readonly addresses: readonly { readonly address: string; readonly port: number }[];
  /** What was warned of when the configuration was read. */
  readonly findings: readonly Finding[];
  reopenLogs(): void;
  /**
   * Reads the configuration again and puts it in force; nobody is cut off. One at a time.
   * @returns what was warned of
   * @throws ConfigurationError, or a Failure when an address or a log cannot be had: the old one stays in force
   */
  reload(): Promise<readonly Finding[]>;
  /** Answers what is in progress, then resolves. */
  stop(): Promise<void>;
}

/** The configuration has errors; `findings` tells each with file and line. */
export class ConfigurationError extends Error {
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    const errors = findings.filter((finding) => finding.severity === 'error');
    super(`${errors.length} errors, the first: ${errors[0]?.file}:${errors[0]?.line}: ${errors[0]?.message}`);
    this.name = 'ConfigurationError';
    this.findings = findings;
  }
}

/**
 * Serves an httpd configuration in this process. User, Group and PidFile are the command's business and are left alone.
 * @throws ConfigurationError, or Node's error when an address cannot be bound
 */
export async function startFrontend(options: FrontendOptions): Promise<RunningFrontend> {
  const { snapshot, findings } = loadSite({ ...options, files: diskFiles });
  if (snapshot === undefined) throw new ConfigurationError(findings);
  const log = options.log ?? silentLog;
  const server = new FrontendServer(snapshot, { clock: systemClock, log, pages: managerPages(log) });
  await server.listen();
  return {
    addresses: server.addresses,
    findings,
    reopenLogs: () => server.reopenLogs(),
    reload: async () => {
      const next = loadSite({ ...options, files: diskFiles });
      if (next.snapshot === undefined) throw new ConfigurationError(next.findings);
      await server.reload(next.snapshot);
      return next.findings;
    },
    stop: () => server.stop(),
  };
}

/** Reads a configuration and tells what is wrong with it. @param assumeFiles files of the real host only are warnings */
export function checkConfiguration(options: FrontendOptions, assumeFiles = false): readonly Finding[] {
  const { snapshot, findings } = loadSite({ ...options, assumeFiles, files: diskFiles });
  return snapshot === undefined ? findings : [...findings, ...checkSite(snapshot)];
}
