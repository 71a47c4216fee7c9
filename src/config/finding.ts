// What reading a configuration found out, as data: errors stop the start, warnings and notes do not. Place in the
// picture: floor 2; every dialect reports with it, `check` prints it.

export type Severity = 'error' | 'warning' | 'note';

/** A line of a configuration file. What the command line says has the name of the option for a file: `-C`, `--listen`. */
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

/** Gathers findings and drops exact repeats, which files included twice would bring. */
export class Findings {
  readonly #list: Finding[] = [];
  readonly #seen = new Set<string>();

  get list(): readonly Finding[] {
    return this.#list;
  }

  get hasErrors(): boolean {
    return this.#list.some((finding) => finding.severity === 'error');
  }

  /** Past `MAX_FINDINGS` only errors are kept, so that the reason for a refusal is never lost. */
  add(finding: Finding): void {
    const key = `${finding.file}\n${finding.line}\n${finding.code}\n${finding.message}`;
    if (this.#seen.has(key) || (this.#list.length >= MAX_FINDINGS && finding.severity !== 'error')) return;
    this.#seen.add(key);
    this.#list.push(finding);
  }

  error(place: Place, directive: string, code: string, message: string): void {
    this.add({ severity: 'error', file: place.file, line: place.line, directive, code, message });
  }

  warn(place: Place, directive: string, code: string, message: string): void {
    this.add({ severity: 'warning', file: place.file, line: place.line, directive, code, message });
  }

  note(place: Place, directive: string, code: string, message: string): void {
    this.add({ severity: 'note', file: place.file, line: place.line, directive, code, message });
  }
}

/** Findings kept of one loading. */
const MAX_FINDINGS = 5000;
