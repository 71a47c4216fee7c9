// Loading a configuration as `front` and `check` do it, and telling what was found.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { diskFiles } from '../config/files.ts';
import { type Finding, formatFinding } from '../config/finding.ts';
import { type LoadedSite, loadSite } from '../site/load.ts';

/** The options that `front` and `check` share. */
export interface ConfigurationOptions {
  readonly file: string;
  readonly serverRoot?: string;
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly define?: readonly string[];
}

/** Reads the configuration from disk. @param assumeFiles files that only the real host has are warnings */
export function loadConfiguration(options: ConfigurationOptions, assumeFiles: boolean): LoadedSite {
  return loadSite({
    file: mainFile(options),
    serverRoot: options.serverRoot,
    before: options.before ?? [],
    after: options.after ?? [],
    defines: options.define ?? [],
    assumeFiles,
    files: diskFiles,
  });
}

/** As in httpd a relative file stands below ServerRoot; one that is only found from here is not refused. */
function mainFile({ file, serverRoot }: ConfigurationOptions): string {
  if (serverRoot === undefined || existsSync(resolve(serverRoot, file)) || !existsSync(file)) return file;
  return resolve(file);
}

/** Writes findings as compilers do, errors last so that they are seen. */
export function printFindings(findings: readonly Finding[], out: NodeJS.WritableStream): void {
  const order = { note: 0, warning: 1, error: 2 };
  for (const finding of findings.toSorted((a, b) => order[a.severity] - order[b.severity]))
    out.write(`${formatFinding(finding)}\n`);
}
