// Values of workers as mod_jk reads them: numbers by their leading digits, booleans by their first letter, what is out of
// range or cannot be read told with its mend. Place in the picture: between the property table and the workers made of it.

import type { Findings, Place } from '../../config/finding.ts';
import { shown } from '../../config/modjk/properties.ts';
import type { Entry, PropertyTable } from '../../config/modjk/property-table.ts';

export interface NumberRule {
  readonly byDefault: number;
  /** What is less counts as this. Default 0. */
  readonly least?: number;
  readonly most?: number;
}

/** An item of a list, with the line that gave it. */
export interface Item {
  readonly text: string;
  readonly place: Place;
}

/** Longest name, route or domain: the size of a text in mod_jk's shared memory. */
const TEXT_LENGTH_MAX = 60;

/** C's int. */
const INT_MAX = 2_147_483_647;

/** The properties of one worker. */
export class WorkerValues {
  readonly name: string;
  /** Where the worker is first spoken of. */
  readonly place: Place;
  readonly findings: Findings;
  readonly #table: PropertyTable;

  constructor(name: string, place: Place, table: PropertyTable, findings: Findings) {
    this.name = name;
    this.place = place;
    this.#table = table;
    this.findings = findings;
  }

  /** The first of these properties that there is. */
  entry(...properties: readonly string[]): Entry | undefined {
    for (const property of properties) {
      const entry = this.#table.get(`worker.${this.name}.${property}`);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  text(...properties: readonly string[]): string | undefined {
    return this.entry(...properties)?.value;
  }

  /** A text that mod_jk has room for only up to a length. */
  shortText(...properties: readonly string[]): string | undefined {
    const entry = this.entry(...properties);
    if (entry !== undefined && entry.value.length > TEXT_LENGTH_MAX)
      this.findings.error(
        entry.place,
        shown(entry.key),
        'too-long',
        `"${shown(entry.value)}" has more than ${TEXT_LENGTH_MAX} characters; shorten it`,
      );
    return entry?.value;
  }

  flag(property: string, byDefault: boolean): boolean {
    const entry = this.entry(property);
    if (entry === undefined) return byDefault;
    const value = parseFlag(entry.value);
    if (value !== undefined) return value;
    this.#warn(
      entry,
      'bad-boolean',
      `"${shown(entry.value)}" is neither on nor off and counts as ${byDefault ? 'on' : 'off'}; write 1 or 0`,
    );
    return byDefault;
  }

  number(rule: NumberRule, ...properties: readonly string[]): number {
    const entry = this.entry(...properties);
    if (entry === undefined) return rule.byDefault;
    const value = this.#numberOf(entry);
    const { least = 0, most = INT_MAX } = rule;
    const fit = Math.min(most, Math.max(least, value));
    if (fit !== value)
      this.#warn(entry, 'out-of-range', `${shown(entry.value)} is not from ${least} to ${most} and counts as ${fit}`);
    return fit;
  }

  /** A sum of bits, none without the property. Those that mean nothing stay in it, as status workers show it whole. */
  mask(bits: number, property: string): number {
    const entry = this.entry(property);
    if (entry === undefined) return 0;
    const value = this.#numberOf(entry) | 0;
    const known = value & bits;
    if (known !== value)
      this.#warn(
        entry,
        'unknown-bits',
        `${shown(entry.value)} has bits beyond ${bits}, which mean nothing; write ${known}`,
      );
    return value;
  }

  #numberOf(entry: Entry): number {
    const { value, exact } = parseNumber(entry.value);
    if (!exact)
      this.#warn(
        entry,
        'bad-number',
        `"${shown(entry.value)}" is not a number and counts as ${value}, as in mod_jk; write digits, with k or m behind them for 1024 or 1048576`,
      );
    return value;
  }

  /** Items of a list property: commas and blanks divide them. */
  list(...properties: readonly string[]): Item[] {
    const entry = this.entry(...properties);
    return entry === undefined ? [] : itemsOf(entry);
  }

  #warn(entry: Entry, code: string, message: string): void {
    this.findings.warn(entry.place, shown(entry.key), code, message);
  }
}

/** Items of a list: commas and blanks divide them. */
export function itemsOf(entry: Entry): Item[] {
  return entry.parts.flatMap(({ value, place }) =>
    value
      .split(/[ \t,]+/)
      .filter((text) => text !== '')
      .map((text) => ({ text, place })),
  );
}

/** What mod_jk takes for true and false; undefined for neither. */
function parseFlag(text: string): boolean | undefined {
  if (/^(?:off$|[fn]|0$)/i.test(text)) return false;
  if (/^(?:on$|[ty]|1$)/i.test(text)) return true;
  return undefined;
}

/** A number as C's atoi reads it, with `k` and `m` as last letters; `exact` when nothing else stands there. */
export function parseNumber(text: string): { readonly value: number; readonly exact: boolean } {
  const match = /^[ \t]*([+-]?\d+)/.exec(text);
  if (match === null) return { value: 0, exact: false };
  const unit = text.at(-1)?.toLowerCase();
  const factor = unit === 'm' ? 1024 * 1024 : unit === 'k' ? 1024 : 1;
  const value = Number(match[1]) * factor;
  const exact = /^[+-]?\d+[km]?$/i.test(text) && Math.abs(value) <= INT_MAX;
  return { value: Math.min(INT_MAX, Math.max(-INT_MAX, value)), exact };
}
