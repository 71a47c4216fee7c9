// Macros: lines kept under a name, read again with their parameters replaced. Source: documentation of mod_macro, and
// recordings (P-CONF-07, texts of its errors).

import { textOf } from '../files.ts';
import type { Findings, Place } from '../finding.ts';

export interface MacroLine {
  readonly text: string;
  readonly place: Place;
}

interface Macro {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly lines: readonly MacroLine[];
  readonly place: Place;
  isInUse: boolean;
}

/** The macros known so far; names in any letter case. */
export class Macros {
  readonly #macros = new Map<string, Macro>();

  /** @param words name and parameters of `<Macro …>` */
  define(words: readonly string[], lines: readonly MacroLine[], place: Place, findings: Findings): void {
    const [name, ...parameters] = words;
    if (name === undefined) {
      findings.error(place, '<Macro>', 'argument-count', 'a macro needs a name');
      return;
    }
    const twice = parameters.find((parameter, index) => parameter === '' || parameters.indexOf(parameter) !== index);
    if (twice !== undefined) {
      findings.error(place, '<Macro>', 'bad-value', `the parameter "${textOf(twice)}" is empty or named twice`);
      return;
    }
    const earlier = this.#macros.get(name.toLowerCase());
    if (earlier !== undefined)
      findings.warn(
        place,
        '<Macro>',
        'macro-again',
        `replaces the macro of line ${earlier.place.line} of ${earlier.place.file}`,
      );
    for (const parameter of parameters)
      if (!/^[$%@]/.test(parameter))
        findings.warn(
          place,
          '<Macro>',
          'macro-parameter',
          `${textOf(parameter)} replaces that text wherever it stands; begin parameters with $`,
        );
    this.#macros.set(name.toLowerCase(), { name, parameters, lines, place, isInUse: false });
  }

  remove(name: string, place: Place, findings: Findings): void {
    if (!this.#macros.delete(name.toLowerCase()))
      findings.error(place, 'UndefMacro', 'macro-unknown', `no macro is called ${textOf(name)}`);
  }

  /**
   * The lines of `Use words…`, with values in the place of parameters; undefined after an error. The macro counts as in
   * use until `leave`. A line's place names both the macro's text and where it is used.
   */
  use(directive: string, words: readonly string[], place: Place, findings: Findings): readonly MacroLine[] | undefined {
    const [name, ...values] = words;
    const macro = this.#macros.get((name ?? '').toLowerCase());
    if (macro === undefined) {
      findings.error(
        place,
        directive,
        'macro-unknown',
        `no macro is called "${textOf(name ?? '')}"; define it before this line`,
      );
      return undefined;
    }
    if (values.length !== macro.parameters.length) {
      const wanted = macro.parameters.length;
      findings.error(
        place,
        directive,
        'argument-count',
        `the macro ${textOf(macro.name)} takes ${wanted} argument${wanted === 1 ? '' : 's'}, not ${values.length}`,
      );
      return undefined;
    }
    if (macro.isInUse) {
      findings.error(place, directive, 'macro-recursive', `the macro ${textOf(macro.name)} uses itself`);
      return undefined;
    }
    macro.isInUse = true;
    const via = `macro ${textOf(macro.name)} used at ${place.file}:${place.line}`;
    return macro.lines.map((line) => ({
      text: substitute(line.text, macro.parameters, values),
      place: { file: `${line.place.file} (${via})`, line: line.place.line },
    }));
  }

  leave(name: string): void {
    const macro = this.#macros.get(name.toLowerCase());
    if (macro !== undefined) macro.isInUse = false;
  }
}

/** Replaces the leftmost parameter each time, the longest of those that begin there; values are not looked at again. */
function substitute(text: string, parameters: readonly string[], values: readonly string[]): string {
  let result = '';
  for (let i = 0; i < text.length; ) {
    let best = -1;
    for (let p = 0; p < parameters.length; p++)
      if (text.startsWith(parameters[p], i) && (best < 0 || parameters[p].length > parameters[best].length)) best = p;
    if (best < 0) result += text[i++];
    else {
      result += values[best];
      i += parameters[best].length;
    }
  }
  return result;
}
