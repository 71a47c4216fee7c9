// `catflap status`, `reload`, `stop` and `control`: a running frontend is asked over its control socket.

import { Failure } from '../base/failure.ts';
import { formatFinding } from '../config/finding.ts';
import type { ControlArguments } from '../control/registry.ts';
import {
  type ConfigurationOptions,
  controlPathOf,
  loadConfiguration,
  placesLookedAt,
  printFindings,
  withDefaults,
} from './configuration.ts';
import { askControl } from './control-client.ts';
import { statusText } from './status-text.ts';

interface ControlOptions extends Partial<ConfigurationOptions> {
  readonly control?: string;
  readonly json?: boolean;
}

const EXIT_USAGE = 2;

/** @param given what commander hands over: arguments, then options, then the command @returns the exit code */
export async function runControl(
  name: 'status' | 'reload' | 'stop' | 'control',
  given: readonly unknown[],
): Promise<number> {
  const options = given.at(-2) as ControlOptions;
  const [operation, words] = name === 'control' ? (given as [string, string[]]) : [name, []];
  const path = controlPath(options);
  if (path === undefined) return EXIT_USAGE;
  try {
    const answer = await askControl(path, operation, argumentsOf(words));
    const isText = name === 'status' && options.json !== true;
    if (isText) process.stdout.write(statusText(answer));
    else if (name === 'status' || name === 'control' || options.json === true)
      process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`catflap: ${error.message} (${error.code})\n`);
    if (name === 'reload' && error.code === 'reload-failed') tellFindings(options, error.message);
    return 1;
  }
}

/** Where the frontend of this configuration listens; undefined when that cannot be said, which is told. */
function controlPath(options: ControlOptions): string | undefined {
  if (options.control !== undefined) return options.control;
  const complete = withDefaults(options);
  if (complete !== undefined) return controlPathOf(loadConfiguration(complete, true).server, complete);
  const places = placesLookedAt(options.serverRoot);
  process.stderr.write(`error: name the configuration with -f, or the socket with --control; not found: ${places}\n`);
  return undefined;
}

/** All that is wrong, not only what the running process named first; it reads the same files. @param told that first one */
function tellFindings(options: ControlOptions, told: string): void {
  const complete = withDefaults(options);
  if (complete === undefined) return;
  const { findings } = loadConfiguration(complete, false);
  const others = findings.filter((finding) => !told.includes(formatFinding(finding)));
  printFindings(others, process.stderr, 'error');
}

/** `name=value`; a value that is JSON is taken as such, anything else is a text. */
function argumentsOf(words: readonly string[]): ControlArguments {
  return Object.fromEntries(
    words.map((word) => {
      const equals = word.indexOf('=');
      return equals < 0 ? [word, true] : [word.slice(0, equals), parsed(word.slice(equals + 1))];
    }),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
