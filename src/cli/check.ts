// `catflap check`: what is wrong with a configuration, with file and line; exit 0 when it is fine, 1 with warnings,
// 2 with errors.

import type { Severity } from '../config/finding.ts';
import { checkSite } from '../site/check/check.ts';
import {
  type ConfigurationOptions,
  gathered,
  loadConfiguration,
  nameOf,
  placesLookedAt,
  printFindings,
  withDefaults,
} from './configuration.ts';
import { absolutePaths } from './spoken.ts';

export interface CheckOptions extends Partial<ConfigurationOptions> {
  readonly assumeFiles?: boolean;
}

export async function runCheck(given: CheckOptions): Promise<number> {
  const options =
    given.file === undefined ? withDefaults(given) : { ...given, file: given.file, ...absolutePaths(given) };
  if (options === undefined) {
    const places = placesLookedAt(given.serverRoot);
    process.stderr.write(`error: no configuration is given with -f, and none was found: ${places}\n`);
    return 2;
  }
  const loaded = loadConfiguration(options, options.assumeFiles === true);
  const site = loaded.snapshot === undefined ? [] : checkSite(loaded.snapshot);
  const findings = gathered([...loaded.findings, ...site]);
  printFindings(findings, process.stdout);
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  const sum = (['error', 'warning', 'note'] as const).map((severity) => plural(count(severity), severity)).join(', ');
  process.stdout.write(`${nameOf(options)}: ${sum}\n`);
  if (count('error') > 0) return 2;
  return count('warning') > 0 ? 1 : 0;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
