// Loading a configuration as `front` and `check` do it, and telling what was found.

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { diskFiles, type FileReader } from '../config/files.ts';
import { type Finding, formatFinding, type Severity } from '../config/finding.ts';
import { type LoadedSite, loadSite } from '../site/load.ts';
import type { ServerSettings } from '../site/model.ts';
import { absolutePaths, type SpokenOptions, saysSite, spokenDirectives } from './spoken.ts';

/** The options that say what the configuration is. */
export interface ConfigurationOptions extends SpokenOptions {
  /** Undefined: what the other options say is everything. */
  readonly file: string | undefined;
  readonly serverRoot?: string;
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly define?: readonly string[];
}

/** Where a configuration is looked for below a ServerRoot (`-d`) without `-f`: httpd's own place, then Debian's. */
const FILES_BELOW_ROOT = ['conf/httpd.conf', 'apache2.conf', 'httpd.conf'];
/** ServerRoots where one is looked for without `-d`: Debian's, Red Hat's, httpd's own. */
const SERVER_ROOTS = ['/etc/apache2', '/etc/httpd', '/usr/local/apache2'];

/**
 * The options with absolute paths, and with defaults for what is not given.
 * @returns undefined when no file is given and none stands where one is looked for, though one is needed
 */
export function withDefaults<T extends Partial<ConfigurationOptions>>(
  given: T,
): (T & ConfigurationOptions) | undefined {
  const options = { ...given, ...absolutePaths(given) };
  const { file, serverRoot } = options;
  if (file === undefined && saysSite(options))
    return { ...options, file, serverRoot: resolve(serverRoot ?? dirname(options.workers ?? options.mounts ?? '')) };
  if (file !== undefined) {
    const main = resolve(mainFile({ file, ...(serverRoot === undefined ? {} : { serverRoot }) }));
    const path = serverRoot === undefined || existsSync(main) ? main : resolve(serverRoot, file);
    return { ...options, file: path, serverRoot: resolve(serverRoot ?? dirname(path)) };
  }
  for (const root of serverRoot === undefined ? SERVER_ROOTS : [resolve(serverRoot)])
    for (const name of FILES_BELOW_ROOT)
      if (existsSync(join(root, name))) return { ...options, file: join(root, name), serverRoot: root };
  return undefined;
}

/** For the message when `withDefaults` finds nothing. */
export function placesLookedAt(serverRoot: string | undefined): string {
  const roots = serverRoot === undefined ? SERVER_ROOTS : [resolve(serverRoot)];
  return roots.flatMap((root) => FILES_BELOW_ROOT.map((name) => join(root, name))).join(', ');
}

/** The file that the configuration goes by: without an httpd.conf the one of the workers. */
export function nameOf({ file, workers, mounts }: ConfigurationOptions): string {
  return file ?? workers ?? mounts ?? 'command line';
}

/** Reads the configuration. @param assumeFiles files that only the real host has are warnings @param files default: the machine's */
export function loadConfiguration(
  options: ConfigurationOptions,
  assumeFiles: boolean,
  files: FileReader = diskFiles,
): LoadedSite {
  return loadSite({
    file: mainFile(options),
    serverRoot: options.serverRoot,
    spoken: spokenDirectives(options),
    before: options.before ?? [],
    after: options.after ?? [],
    defines: options.define ?? [],
    assumeFiles,
    files,
  });
}

/** Reads it for serving. With `skipDocumentRoot` (`-T`) a DocumentRoot that is missing is no reason to stay away. */
export function loadToServe(
  options: ConfigurationOptions & { readonly skipDocumentRoot?: boolean },
  files: FileReader = diskFiles,
): LoadedSite {
  const loaded = loadConfiguration(options, false, files);
  if (options.skipDocumentRoot !== true || loaded.snapshot !== undefined) return loaded;
  const stops = ({ severity, code, directive }: Finding): boolean =>
    severity === 'error' && !(code === 'file-missing' && directive.toLowerCase() === 'documentroot');
  return loaded.findings.some(stops) ? loaded : loadConfiguration(options, true, files);
}

/** As in httpd a relative file stands below ServerRoot; one that is only found from here is not refused. */
function mainFile<T extends string | undefined>(options: { file: T; serverRoot?: string }): T;
function mainFile({ file, serverRoot }: { file: string | undefined; serverRoot?: string }): string | undefined {
  if (serverRoot === undefined || file === undefined) return file;
  const below = resolve(serverRoot, file);
  if (existsSync(below)) return below;
  return existsSync(file) ? resolve(file) : file;
}

const ORDER: Readonly<Record<Severity, number>> = { note: 0, warning: 1, error: 2 };

/** Findings that say the same of several lines of a file become one, at the first of them. */
export function gathered(findings: readonly Finding[]): readonly Finding[] {
  const groups = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const { file, severity, directive, code, message } = finding;
    const key = [file, severity, directive, code, message].join('\n');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()].map((group) => {
    if (group.length === 1) return group[0];
    const [first, ...others] = group.toSorted((a, b) => a.line - b.line);
    return { ...first, message: `${first.message}; also on ${linesOf(others)}` };
  });
}

/** `line 3`, `lines 3, 4 and 5`, and of many the first ones. */
function linesOf(findings: readonly Finding[]): string {
  const numbers = findings.slice(0, LINES_TOLD).map(({ line }) => line);
  const more = findings.length - numbers.length;
  const last = more > 0 ? `${more} more` : String(numbers.pop());
  return `line${findings.length > 1 ? 's' : ''} ${numbers.length > 0 ? `${numbers.join(', ')} and ` : ''}${last}`;
}

/** Lines that a finding names beside its own. */
const LINES_TOLD = 10;

/**
 * Writes findings as compilers do, errors last so that they are seen, those of one kind in the order of the lines.
 * @param least those below it are left out
 */
export function printFindings(
  findings: readonly Finding[],
  out: Pick<NodeJS.WritableStream, 'write'>,
  least: Severity = 'note',
): void {
  const files = [...new Set(findings.map(({ file }) => file))];
  const before = (a: Finding, b: Finding): number =>
    ORDER[a.severity] - ORDER[b.severity] || files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line;
  for (const finding of findings.toSorted(before))
    if (ORDER[finding.severity] >= ORDER[least]) out.write(`${formatFinding(finding)}\n`);
}

/** Where the process's number is when PidFile says nothing. */
export function pidFileOf(server: ServerSettings): string {
  return server.pidFile ?? join(server.runtimeDir, 'httpd.pid');
}

/**
 * Where the control socket is unless `--control` says otherwise: beside PidFile, or in DefaultRuntimeDir; without an
 * httpd.conf, which comes with folders, beside the file of workers.
 */
export function controlPathOf(server: ServerSettings, { file, workers, mounts }: ConfigurationOptions): string {
  if (server.pidFile !== undefined) return `${server.pidFile.replace(/\.pid$/, '')}.control`;
  const alone = file === undefined ? (workers ?? mounts) : undefined;
  if (alone === undefined) return join(server.runtimeDir, 'catflap.control');
  return `${alone.replace(/\.properties$/, '')}.control`;
}
