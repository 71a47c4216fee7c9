// Reads uriworkermap.properties, and the same rules as JkMount writes them: text to rules with file and line. Place in the
// picture: floor 2; `site` makes a host's table of them. Source: docs/reference/uriworkermap.md; mod_jk 1.2.48 observed.

import { textOf } from '../files.ts';
import type { Findings, Place } from '../finding.ts';

/** A rule as written: which paths, which worker, and what is said of its requests. */
export interface MapRule {
  /** Begins with `/`; `*` any run of characters, `?` one. */
  readonly pattern: string;
  /** As written; '' when there is none. */
  readonly worker: string;
  /** `!`: paths that are taken out. */
  readonly isExclusion: boolean;
  /** `-`: written down, and not in force. */
  readonly isDisabled: boolean;
  readonly extensions: readonly RuleExtension[];
  readonly place: Place;
}

/** `name=value` behind the worker. */
export interface RuleExtension {
  readonly name: string;
  readonly value: string;
}

/** Longest line in octets; a longer one is an error. */
export const MAX_MAP_LINE = 8191;
/** Longest value in octets once variables are replaced: values that repeat values would grow without end. */
export const MAX_MAP_VALUE = 65_536;
/** Most variables that are replaced in one value; further ones stay as they are. */
const MAX_VARIABLES = 21;

export interface MapReading {
  readonly file: string;
  readonly findings: Findings;
  /** For `$(NAME)` that no line before has defined. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads a whole file. What is wrong in it costs its line alone, with a warning: mod_jk serves the others.
 * @param octets latin1 view
 */
export function readUriWorkerMap(octets: string, reading: MapReading): MapRule[] {
  const { file, findings, environment } = reading;
  /** By key as written, modifiers included: the later of two wins, in the place of the first. */
  const entries = new Map<string, { value: string; place: Place }>();
  const asked = new Set<string>();
  octets.split('\n').forEach((whole, index) => {
    const place = { file, line: index + 1 };
    if (whole.length > MAX_MAP_LINE) {
      findings.warn(place, '', 'line-too-long', `the line has more than ${MAX_MAP_LINE} octets and is ignored`);
      return;
    }
    const hash = whole.indexOf('#');
    const line = trim(hash < 0 ? whole : whole.slice(0, hash));
    if (line === '') return;
    const equals = line.indexOf('=');
    const key = trim(line.slice(0, Math.max(0, equals)));
    const value = trim(line.slice(equals + 1));
    if (equals < 0 || key === '' || value === '') {
      findings.warn(
        place,
        '',
        'no-rule',
        `"${textOf(line)}" is no rule and is ignored; write /pattern=worker${value.endsWith('\\') ? ' on one line' : ''}`,
      );
      return;
    }
    const before = entries.get(key);
    if (before !== undefined)
      findings.warn(
        place,
        '',
        'rule-again',
        `"${textOf(key)}" stands in line ${before.place.line} too: this line holds, that one does nothing; take one out`,
      );
    const replaced = replaceVariables(value, (name) => {
      asked.add(name);
      return entries.get(name)?.value ?? environment[name];
    });
    if (replaced.length > MAX_MAP_VALUE) {
      const told = `the value has more than ${MAX_MAP_VALUE} octets with its variables, and the line is ignored`;
      findings.warn(place, '', 'value-too-long', told);
      return;
    }
    if (before === undefined) entries.set(key, { value: replaced, place });
    else {
      before.value = replaced;
      before.place = place;
    }
  });
  const rules: MapRule[] = [];
  for (const [key, { value, place }] of entries) {
    const found = readRules(key, value, place);
    rules.push(...found);
    if (found.length > 0 || asked.has(key)) continue;
    findings.warn(
      place,
      '',
      'no-pattern',
      `"${textOf(key)}" begins with no slash: it matches nothing and is ignored; write /${textOf(key)}=${textOf(value)} if a path is meant`,
    );
  }
  return rules;
}

/**
 * The rules of one key and value: two for `A|B` (patterns `A` and `AB`), none when the pattern begins with no slash.
 * @param key modifiers and pattern
 * @param value worker and extensions
 */
export function readRules(key: string, value: string, place: Place): MapRule[] {
  const bar = key.indexOf('|');
  const written = bar < 0 ? [key] : [key.slice(0, bar), key.slice(0, bar) + key.slice(bar + 1)];
  return written.flatMap((text) => readRule(text, value, place) ?? []);
}

/** One rule, in which a bar is a character as any other; undefined when the pattern begins with no slash. */
export function readRule(text: string, value: string, place: Place): MapRule | undefined {
  const isDisabled = text.startsWith('-');
  const rest = isDisabled ? text.slice(1) : text;
  const isExclusion = rest.startsWith('!');
  const pattern = isExclusion ? rest.slice(1) : rest;
  if (!pattern.startsWith('/')) return undefined;
  return { pattern, isExclusion, isDisabled, place, ...readWorkerText(value) };
}

/** `worker;name=value;…`: what stands behind the equals sign, and in the variable that JkWorkerIndicator names. */
export function readWorkerText(text: string): { worker: string; extensions: RuleExtension[] } {
  const [first = '', ...rest] = text.split(';').filter((part) => part !== '');
  // A separator at the very beginning is part of a name that nobody has.
  const worker = text.startsWith(';') ? `;${first}` : first;
  const extensions: RuleExtension[] = [];
  for (let i = 0; i < rest.length; i++) {
    const equals = rest[i].indexOf('=');
    const name = equals < 0 ? rest[i] : rest[i].slice(0, equals);
    let value = equals < 0 ? '' : rest[i].slice(equals + 1);
    // `session_path=;sid`: the value itself begins with the character that separates.
    if (name === 'session_path' && equals >= 0)
      value = `;${value === '' ? (rest[++i] ?? '') : value.replace(/^;/, '')}`;
    extensions.push({ name, value });
  }
  return { worker, extensions };
}

/** Puts values in the place of `$(NAME)`; what nobody defines stays as it is. Values are not looked through again. */
function replaceVariables(text: string, lookUp: (name: string) => string | undefined): string {
  let left = MAX_VARIABLES;
  return text.replace(/\$\(([^)]*)\)/g, (whole, name: string) => (left-- > 0 ? (lookUp(name) ?? whole) : whole));
}

/** White space as C counts it. */
function trim(text: string): string {
  return text.replace(/^[ \t\v\f\r]+|[ \t\v\f\r]+$/g, '');
}
