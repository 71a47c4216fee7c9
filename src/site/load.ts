// The entry to this room: from files to a Snapshot, with everything that was found on the way. Place in the picture:
// floor 3; `front`, `check`, `explain` and reloads all come through here.

import { posix } from 'node:path';
import type { FileReader } from '../config/files.ts';
import { type Finding, Findings } from '../config/finding.ts';
import { isKnownDirective } from '../config/httpd/directives.ts';
import { readTree, type SpokenDirective } from '../config/httpd/read.ts';
import { assemble } from './assemble.ts';
import { SiteDraft } from './draft.ts';
import type { ServerSettings, Snapshot } from './model.ts';
import { tellOverruled } from './overruled.ts';
import { checkTls, tellMixedAddresses } from './tls/assemble-tls.ts';
import { walkTree } from './walk.ts';

export interface LoadOptions {
  /** Directory of relative paths (`-d`) until ServerRoot says otherwise. Default: the directory of `file`. */
  readonly serverRoot?: string | undefined;
  /**
   * The main file (`-f`): absolute, or relative to `serverRoot`; without one, to the working directory. Undefined: there
   * is none, and `spoken`, `before` and `after` are everything; then there must be a `serverRoot`.
   */
  readonly file: string | undefined;
  /** Directives that options of the command line stand for. */
  readonly spoken?: readonly SpokenDirective[];
  /** Directives before and after the file (`-C`, `-c`). */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** `-D NAME`, also `NAME=value`. */
  readonly defines?: readonly string[];
  /** Missing files are warnings: for checking a configuration away from its machine. Default false. */
  readonly assumeFiles?: boolean;
  readonly files: FileReader;
  /** For `${NAME}` and PassEnv. Default: the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Name of this machine for a main server without ServerName. Default `localhost`. */
  readonly hostName?: string;
  /** Wall time that certificates are measured with, ms since 1970. Default: the machine's. */
  readonly now?: number;
}

export interface LoadedSite {
  /** Undefined when there are errors. */
  readonly snapshot: Snapshot | undefined;
  /** What belongs to the process, as far as it could be read: it is there with errors, too. */
  readonly server: ServerSettings;
  readonly findings: readonly Finding[];
}

/** Stands for the file in findings about a whole configuration that has none. */
const COMMAND_LINE = 'command line';

/** Loads a configuration. Never throws for what stands in files; all of it is told in `findings`. */
export function loadSite(options: LoadOptions): LoadedSite {
  const serverRoot = posix.resolve(options.serverRoot ?? posix.dirname(options.file ?? ''));
  const main =
    options.file === undefined
      ? undefined
      : posix.resolve(options.serverRoot === undefined ? '' : serverRoot, options.file);
  const findings = new Findings();
  const environment = options.environment ?? process.env;
  const tree = readTree({ ...options, serverRoot, file: main, environment, isKnown: isKnownDirective }, findings);
  const site = new SiteDraft({
    serverRoot: tree.serverRoot,
    file: main ?? COMMAND_LINE,
    findings,
    files: options.files,
    assumeFiles: options.assumeFiles ?? false,
    environment,
    modules: tree.modules,
  });
  walkTree(tree.nodes, site);
  const isWrong = findings.list.some(({ directive, severity }) => severity === 'error' && /^listen$/i.test(directive));
  if (site.listens.length === 0 && !isWrong && main !== undefined && options.files.kind(main) === 'file')
    findings.error(
      site.main.place,
      'Listen',
      'no-listen',
      'there is no Listen line, so nothing would be served; add one, such as `Listen 8080`; for a part of a configuration say it with -C "Listen 8080"',
    );
  const assembled = assemble(site, tree, options.hostName ?? 'localhost');
  checkTls(site, [assembled.mainHost, ...assembled.hosts], options.now ?? Date.now());
  tellMixedAddresses(site, assembled);
  tellOverruled(site, assembled);
  const list = findings.list;
  const snapshot = findings.hasErrors ? undefined : { ...assembled, findings: list };
  return { snapshot, server: assembled.server, findings: list };
}
