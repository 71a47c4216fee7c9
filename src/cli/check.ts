// `catflap check`: what is wrong with a configuration, with file and line; exit 0 when it is fine, 1 with warnings,
// 2 with errors.

import { checkSite } from '../site/check.ts';
import { type ConfigurationOptions, loadConfiguration, printFindings } from './configuration.ts';

export interface CheckOptions extends ConfigurationOptions {
  readonly assumeFiles?: boolean;
}

export async function runCheck(options: CheckOptions): Promise<number> {
  const loaded = loadConfiguration(options, options.assumeFiles === true);
  const findings = [...loaded.findings, ...(loaded.snapshot === undefined ? [] : checkSite(loaded.snapshot))];
  printFindings(findings, process.stdout);
  const count = (severity: string): number => findings.filter((finding) => finding.severity === severity).length;
  const errors = count('error');
  const warnings = count('warning');
  process.stdout.write(`${options.file}: ${errors} errors, ${warnings} warnings, ${count('note')} notes\n`);
  if (errors > 0) return 2;
  return warnings > 0 ? 1 : 0;
}
