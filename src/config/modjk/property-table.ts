// What the lines of workers.properties add up to: `$(name)` replaced, names that come again joined or overruled,
// `reference` followed. Order is kept as mod_jk keeps it, since the status worker shows it (modjk.md §1.1, §7).

import { similarNames } from '../expression/names.ts';
import type { Findings, Place } from '../finding.ts';
import { type Property, shown } from './properties.ts';

/** The value of one name. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  /** Where the value was written; of a list, where it begins. */
  readonly place: Place;
  /** Of a list: what each line gave to it. */
  readonly parts: readonly Part[];
  /** Values of other lines that do not count. */
  readonly overruled: readonly Part[];
}

/** What one line gave to a name. */
export interface Part {
  readonly value: string;
  readonly place: Place;
}

/** What a name that comes again does: lists grow, the last value counts, or the first. */
export type Repetition = 'grows' | 'last' | 'first';

export const TABLE_LIMITS = {
  /** `$(name)` replaced in one value; what is left stays as it is, as in mod_jk. */
  replacements: 20,
  /** Octets of a value when its variables are replaced. */
  valueBytes: 64 * 1024,
  /** A reference of a reference of a reference … (mod_jk's own). */
  referenceDepth: 20,
  /** Names in all, those that references bring included. */
  entries: 200_000,
} as const;

export class PropertyTable {
  readonly #entries = new Map<string, Entry>();
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #repetitionOf: (key: string) => Repetition;
  readonly #findings: Findings;
  readonly #used = new Map<string, readonly string[]>();
  /** Names by what stands before their last dot. */
  readonly #families = new Map<string, string[]>();

  constructor(
    environment: Readonly<Record<string, string | undefined>>,
    repetitionOf: (key: string) => Repetition,
    findings: Findings,
  ) {
    this.#environment = environment;
    this.#repetitionOf = repetitionOf;
    this.#findings = findings;
  }

  /** All entries, in the order in which their names first came, inherited ones behind. */
  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Names that `$(name)` was replaced by while this entry's value was made. */
  variablesOf(key: string): readonly string[] {
    return this.#used.get(key) ?? [];
  }

  /** Takes the next line. */
  add({ key, value: written, place }: Property): void {
    const value = this.#replaced(key, written, place);
    const old = this.#entries.get(key);
    if (old === undefined) this.#set({ key, value, place, parts: [{ value, place }], overruled: [] });
    else this.#again(old, value, place);
  }

  /** A value that is there without a line: ServerRoot. */
  define(key: string, value: string, place: Place): void {
    this.#set({ key, value, place, parts: [{ value, place }], overruled: [] });
  }

  #again(old: Entry, value: string, place: Place): void {
    const { key } = old;
    const part = { value, place };
    const repetition = this.#repetitionOf(key);
    if (repetition === 'first') this.#set({ ...old, overruled: [...old.overruled, part] });
    else if (repetition === 'last') {
      const overruled = [...old.overruled, { value: old.value, place: old.place }];
      this.#set({ key, value, place, parts: [part], overruled });
    } else {
      const joined = `${old.value},${value}`;
      if (joined.length > TABLE_LIMITS.valueBytes) this.#tooLong(key, place);
      else this.#set({ ...old, value: joined, parts: [...old.parts, part] });
    }
  }

  /** `$(name)` by what stands for it so far, or in the environment; what stands there is not looked through again. */
  #replaced(key: string, value: string, place: Place): string {
    let text = value;
    let from = 0;
    const used: string[] = [];
    for (let count = 0; count < TABLE_LIMITS.replacements; count++) {
      const start = text.indexOf('$(', from);
      const end = start < 0 ? -1 : text.indexOf(')', start);
      if (end < 0) break;
      const name = text.slice(start + 2, end);
      const known = this.#entries.get(name)?.value ?? this.#environment[name];
      if (known === undefined) {
        this.#unknownVariable(key, name, place);
        from = end;
        continue;
      }
      used.push(name);
      text = text.slice(0, start) + known + text.slice(end + 1);
      from = start + known.length;
      if (text.length > TABLE_LIMITS.valueBytes) {
        this.#tooLong(key, place);
        return value;
      }
    }
    if (used.length > 0) this.#used.set(key, used);
    return text;
  }

  #unknownVariable(key: string, name: string, place: Place): void {
    const similar = similarNames(name, this.#entries.keys()).filter((key) => !key.startsWith('worker.'));
    const mend =
      similar.length > 0
        ? `did you mean $(${shown(similar[0])})?`
        : 'define it in a line before this one, or in the environment';
    this.#findings.warn(
      place,
      shown(key),
      'unknown-variable',
      `$(${shown(name)}) is not defined and stays as it is; ${mend}`,
    );
  }

  #tooLong(key: string, place: Place): void {
    const message = `the value has more than ${TABLE_LIMITS.valueBytes} octets; shorten it`;
    this.#findings.error(place, shown(key), 'config-limit', message);
  }

  #set(entry: Entry): void {
    const isNew = !this.#entries.has(entry.key);
    if (isNew && this.#entries.size >= TABLE_LIMITS.entries) {
      this.#findings.error(entry.place, '', 'config-limit', `more than ${TABLE_LIMITS.entries} properties`);
      return;
    }
    this.#entries.set(entry.key, entry);
    if (!isNew) return;
    const owner = ownerOf(entry.key);
    const family = this.#families.get(owner);
    if (family === undefined) this.#families.set(owner, [entry.key]);
    else family.push(entry.key);
  }

  /** Entries whose names have this before their last dot. */
  familyOf(owner: string): readonly Entry[] {
    return (this.#families.get(owner) ?? []).flatMap((key) => this.#entries.get(key) ?? []);
  }

  /** Names before the last dot of which something is defined: `worker.a`. */
  get owners(): Iterable<string> {
    return this.#families.keys();
  }

  /** `worker.X.reference=worker.Y`: what Y has and X has not, X has too. */
  resolveReferences(): void {
    for (const { key, value, place } of this.#entries.values())
      if (key.startsWith(WORKER) && key.endsWith(REFERENCE)) this.#inherit(key, value, place, []);
  }

  #inherit(key: string, target: string, place: Place, trail: readonly string[]): void {
    if (trail.includes(key) || trail.length >= TABLE_LIMITS.referenceDepth) {
      const names = [...trail, key].map((each) => shown(ownerOf(each)));
      const why = trail.includes(key) ? 'form a loop' : `are more than ${TABLE_LIMITS.referenceDepth} deep`;
      const told = `references ${why}: ${names.slice(0, 4).join(', ')}${names.length > 4 ? ' …' : ''}; take one of them out`;
      this.#findings.error(place, shown(key), 'reference-loop', told);
      return;
    }
    const next = this.#entries.get(target + REFERENCE);
    if (next !== undefined) this.#inherit(next.key, next.value, next.place, [...trail, key]);
    const legacy = this.#families.get(target);
    if (legacy === undefined) {
      this.#unknownReference(key, target, place);
      return;
    }
    for (const each of legacy) {
      const own = ownerOf(key) + each.slice(target.length);
      const entry = this.#entries.get(each);
      if (entry === undefined || this.#entries.has(own)) continue;
      this.#set({ ...entry, key: own });
      this.#used.set(own, this.variablesOf(each));
    }
  }

  #unknownReference(key: string, target: string, place: Place): void {
    const similar = similarNames(target, this.owners).filter((each) => each.startsWith(WORKER));
    const mend =
      similar.length > 0 ? `did you mean ${shown(similar[0])}?` : 'write worker.<name> of a worker that has properties';
    this.#findings.error(place, shown(key), 'unknown-reference', `nothing is defined of ${shown(target)}; ${mend}`);
  }
}

/** What stands before the last dot; '' without one. */
function ownerOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf('.')));
}

const WORKER = 'worker.';
const REFERENCE = '.reference';
