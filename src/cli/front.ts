// `catflap front`, with the command line of httpd: serves in the foreground, starts a frontend in the background, signals
// a running one, or prints what the configuration comes to.

import { appendFileSync } from 'node:fs';
import type { Finding, Severity } from '../config/finding.ts';
import type { LoadedSite } from '../site/load.ts';
import {
  type ConfigurationOptions,
  gathered,
  loadToServe,
  pidFileOf,
  placesLookedAt,
  printFindings,
  withDefaults,
} from './configuration.ts';
import { background, detach } from './detach.ts';
import {
  buildText,
  compiledModulesText,
  directivesText,
  hostsText,
  includesText,
  modulesText,
  runText,
  versionText,
} from './dumps.ts';
import { explain } from './explain.ts';
import { readPidFile } from './pid-file.ts';
import { type ServingOptions, serveInProcess } from './serving.ts';
import type { OnSignal } from './signals.ts';

type SignalWord = 'start' | 'stop' | 'restart' | 'graceful' | 'graceful-stop';

/** The command line; names follow the long forms of the options. */
export interface FrontOptions extends Partial<ServingOptions> {
  readonly signal?: SignalWord;
  readonly syntax?: boolean;
  readonly hosts?: boolean;
  readonly modules?: boolean;
  readonly compiled?: boolean;
  readonly directives?: boolean;
  readonly serverVersion?: boolean;
  readonly build?: boolean;
  readonly debug?: boolean;
  readonly startupLevel?: string;
  readonly startupLog?: string;
}

type Complete = FrontOptions & ConfigurationOptions;

/** A command line that leads nowhere. */
const EXIT_USAGE = 2;

/** Names of `-D` that keep a start in the foreground, as httpd knows them. */
const FOREGROUND_NAMES: ReadonlySet<string> = new Set(['FOREGROUND', 'NO_DETACH', 'ONE_PROCESS', 'DEBUG']);

const SIGNALS: Readonly<Record<Exclude<SignalWord, 'start'>, NodeJS.Signals>> = {
  stop: 'SIGTERM',
  'graceful-stop': 'SIGWINCH',
  graceful: 'SIGUSR1',
  restart: 'SIGHUP',
};

export async function runFront(given: FrontOptions, onSignal: OnSignal): Promise<number> {
  const options = withDefaults(withDumpNames(given));
  const known = knownText(given, options);
  if (known !== undefined) {
    process.stdout.write(known);
    return 0;
  }
  if (options === undefined) {
    const places = placesLookedAt(given.serverRoot);
    process.stderr.write(`error: no configuration is given with -f or --workers, and none was found: ${places}\n`);
    return EXIT_USAGE;
  }
  const process_ = background();
  const loaded = loadToServe(options);
  if (options.file === undefined && loaded.snapshot?.listens.length === 0) {
    process.stderr.write('error: nothing says where to listen; add --listen 8080, or --listen 127.0.0.1:8080\n');
    return EXIT_USAGE;
  }
  const dump = dumpText(options, loaded);
  if (options.syntax === true || dump !== undefined) return tellSyntax(options, loaded, dump);
  if (options.signal === 'stop' || options.signal === 'graceful-stop') return signalRunning(options.signal, loaded);
  const pidFile = pidFileOf(loaded.server);
  const running = readPidFile(pidFile);
  const isReload = running.kind === 'running' && (options.signal === 'restart' || options.signal === 'graceful');
  if (!process_.isDetached) tell(loaded.findings, isReload ? { startupLevel: 'error', ...options } : options);
  const { snapshot } = loaded;
  if (snapshot === undefined) {
    process_.failed(
      options.signal === 'restart' || options.signal === 'graceful'
        ? 'The configuration has errors: the frontend that runs is left as it is.'
        : 'The frontend does not start: the configuration has errors.',
    );
    return 1;
  }
  if (options.signal === 'restart' || options.signal === 'graceful') {
    if (isReload) return signalRunning(options.signal, loaded);
    process.stderr.write('catflap not running, trying to start\n');
  } else if (running.kind === 'running') {
    process.stdout.write(`catflap (pid ${running.pid}) already running\n`);
    return options.signal === 'start' ? 0 : 1;
  }
  if (options.signal === undefined) return serveInProcess(snapshot, options, process_, onSignal);
  const staysHere = options.debug === true || (options.define ?? []).some((name) => FOREGROUND_NAMES.has(name));
  if (!staysHere && !process_.isDetached) return detach(snapshot);
  return serveInProcess(snapshot, { ...options, pidFile }, process_, onSignal);
}

/** What can be told without a configuration. */
function knownText(options: FrontOptions, complete: Complete | undefined): string | undefined {
  if (options.serverVersion === true) return versionText();
  if (options.build === true) return buildText(complete?.file ?? undefined, complete?.serverRoot ?? options.serverRoot);
  if (options.compiled === true) return compiledModulesText();
  if (options.directives === true) return directivesText();
  return undefined;
}

/** `-S` and `-M` are short for names of `-D`, and `<IfDefine>` sees them. */
function withDumpNames(options: FrontOptions): FrontOptions {
  const names = [
    ...(options.hosts === true ? ['DUMP_VHOSTS', 'DUMP_RUN_CFG'] : []),
    ...(options.modules === true ? ['DUMP_MODULES'] : []),
  ];
  return names.length === 0 ? options : { ...options, define: [...(options.define ?? []), ...names] };
}

function dumpText({ define = [] }: FrontOptions, { snapshot }: LoadedSite): string | undefined {
  const dumps = [
    ['DUMP_INCLUDES', includesText],
    ['DUMP_VHOSTS', hostsText],
    ['DUMP_RUN_CFG', runText],
    ['DUMP_MODULES', modulesText],
  ] as const;
  const wanted = dumps.filter(([name]) => define.includes(name));
  if (wanted.length === 0) return undefined;
  return snapshot === undefined ? '' : wanted.map(([, text]) => text(snapshot)).join('');
}

function tellSyntax(options: Complete, loaded: LoadedSite, dump: string | undefined): number {
  tell(loaded.findings, options);
  if (loaded.snapshot === undefined) return 1;
  if (dump === undefined) process.stderr.write('Syntax OK\n');
  else process.stdout.write(dump);
  return 0;
}

/** `-e` and `-E`. */
function tell(findings: readonly Finding[], { startupLevel, startupLog }: FrontOptions): void {
  const least = leastSeverity(startupLevel);
  if (startupLog === undefined) {
    printFindings(gathered(findings), process.stderr, least);
    return;
  }
  let text = '';
  const out = {
    write: (line: string | Uint8Array) => {
      text += String(line);
      return true;
    },
  };
  printFindings(gathered(findings), out, least);
  try {
    appendFileSync(startupLog, text);
  } catch (error) {
    process.stderr.write(`${text}catflap: -E ${startupLog}: ${explain(error)}\n`);
  }
}

function leastSeverity(level: string | undefined): Severity {
  if (level === undefined || /^(notice|info|debug|trace\d)$/i.test(level)) return 'note';
  return /^warn$/i.test(level) ? 'warning' : 'error';
}

function signalRunning(word: Exclude<SignalWord, 'start'>, { server }: LoadedSite): number {
  const state = readPidFile(pidFileOf(server));
  if (state.kind !== 'running') {
    const pid = state.kind === 'none' ? 'no pid file' : `pid ${state.pid ?? ''}?`;
    process.stdout.write(`catflap (${pid}) not running\n`);
    return 0;
  }
  try {
    process.kill(state.pid, SIGNALS[word]);
    return 0;
  } catch (error) {
    process.stderr.write(`catflap: process ${state.pid} cannot be signalled: ${explain(error)}\n`);
    return 1;
  }
}
