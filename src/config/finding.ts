// What reading a configuration found out, as data: errors stop the start, warnings and notes do not. Place in the
// picture: floor 2; every dialect reports with it, `check` prints it.

export type Severity = 'error' | 'warning' | 'note';

/** A line of a configuration file. `-C` and `-c` inputs have the file name `-C` or `-c`. */
export interface Place {
  readonly file: string;
  /** First line is 1; 0 when the finding is about the whole file. */
  readonly line: number;
}

export interface Finding extends Place {
  readonly severity: Severity;
  /** Stable, kebab-case (`unknown-directive`). */
  readonly code: string;
  /** Name of the directive as written, '' when the finding is about something else. */
  readonly directive: string;
  /** Says the value and how to mend it; for people. */
  readonly message: string;
}

/** `file:line: severity: directive: message (code)`, the way compilers do. */
export function formatFinding(finding: Finding): string {
  const where = finding.line > 0 ? `${finding.file}:${finding.line}` : finding.file;
  const what = finding.directive === '' ? '' : `${finding.directive}: `;
  return `${where}: ${finding.severity}: ${what}${finding.message} (${finding.code})`;
}
