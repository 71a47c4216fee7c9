// What `${NAME}` means: Define and `-D` first, then the environment. Source: documentation of Define, and recordings.

import { textOf } from '../files.ts';
import type { Findings, Place } from '../finding.ts';
import { expandVariables } from './words.ts';

export class Variables {
  readonly #defines = new Map<string, string>();
  readonly #environment: Readonly<Record<string, string | undefined>>;

  /** @param defines names of `-D`, also as `NAME=value` */
  constructor(defines: readonly string[], environment: Readonly<Record<string, string | undefined>>) {
    this.#environment = environment;
    for (const define of defines) {
      const equals = define.indexOf('=');
      if (equals > 0) this.#defines.set(define.slice(0, equals), define.slice(equals + 1));
      else this.#defines.set(define, '');
    }
  }

  /** Defined names; one without value has ''. */
  get defines(): ReadonlyMap<string, string> {
    return this.#defines;
  }

  define(name: string, value: string): void {
    this.#defines.set(name, value);
  }

  undefine(name: string): void {
    this.#defines.delete(name);
  }

  /** Replaces variables in a line; those nobody knows stay, with a warning. */
  expand(text: string, place: Place, findings: Findings): string {
    return expandVariables(
      text,
      (name) => this.#defines.get(name) ?? this.#environment[name],
      (name) =>
        findings.warn(
          place,
          '',
          'undefined-variable',
          `\${${textOf(name)}} is neither defined nor in the environment and stays as it is; ${mendOf(textOf(name))}`,
        ),
    );
  }
}

/** Debian's variables come from a shell script that apachectl reads first. */
function mendOf(name: string): string {
  const define = `add "Define ${name} …" or set it`;
  return name.startsWith('APACHE_')
    ? `run ". /etc/apache2/envvars" first, as Debian's apachectl does, or ${define}`
    : define;
}
