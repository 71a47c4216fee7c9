// Reading a directive's arguments: counts, flags, numbers, times, sizes, paths. Each reader reports what is wrong with
// the value and how to mend it, and answers undefined then. Units and ranges are httpd's.

import { posix } from 'node:path';
import { textOf } from '../config/files.ts';
import type { ConfigNode, DirectiveNode } from '../config/httpd/tree.ts';
import type { Scope } from './draft.ts';

export type DirectiveHandler = (node: DirectiveNode, scope: Scope) => void;

export function fail(node: ConfigNode, scope: Scope, message: string, code = 'bad-value'): undefined {
  scope.site.findings.error(node.place, title(node), code, message);
  return undefined;
}

export function warn(node: ConfigNode, scope: Scope, message: string, code = 'bad-value'): void {
  scope.site.findings.warn(node.place, title(node), code, message);
}

/** Warns of what is asked for and does not happen: says what happens instead, and the mend if there is one. */
export function unheeded(node: ConfigNode, scope: Scope, message: string): void {
  warn(node, scope, message, 'not-honoured');
}

/** Tells what is done in another way, without harm. */
export function note(node: ConfigNode, scope: Scope, message: string): void {
  scope.site.findings.note(node.place, title(node), 'done-otherwise', message);
}

/** Reports something that keeps people out and is not honoured. */
export function restricts(node: ConfigNode, scope: Scope, why: string): undefined {
  return fail(
    node,
    scope,
    `restricts access and is not honoured: ${why}; take it out or restrict access another way`,
    'restriction-not-honoured',
  );
}

/** The name for messages: sections with their brackets. */
export function title(node: ConfigNode): string {
  return node.kind === 'section' ? `<${node.name}>` : node.name;
}

/** Whether there are `least` to `most` arguments. */
export function takes(node: ConfigNode, scope: Scope, least: number, most: number): boolean {
  const count = node.words.length;
  if (count >= least && count <= most) return true;
  const wanted = least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
  const hint =
    node.words.find((word) => word.startsWith('#')) === undefined ? '' : '; a comment needs a line of its own';
  fail(node, scope, `takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${count}${hint}`, 'argument-count');
  return false;
}

/** The only argument, as On or Off. */
export function flag(node: DirectiveNode, scope: Scope): boolean | undefined {
  if (!takes(node, scope, 1, 1)) return undefined;
  const value = onOff(node.words[0]);
  return value ?? fail(node, scope, `must be On or Off, not "${textOf(node.words[0])}"`);
}

/** `On` and `Off` in any letter case. */
export function onOff(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === 'on' ? true : lower === 'off' ? false : undefined;
}

/** The only argument, as one of these words in any letter case. */
export function choice<T extends string>(node: DirectiveNode, scope: Scope, words: readonly T[]): T | undefined {
  if (!takes(node, scope, 1, 1)) return undefined;
  const lower = node.words[0].toLowerCase();
  return (
    words.find((word) => word.toLowerCase() === lower) ??
    fail(node, scope, `must be one of ${words.join(', ')}, not "${textOf(node.words[0])}"`)
  );
}

/** The only argument, as a whole number in a range. */
export function integer(node: DirectiveNode, scope: Scope, least: number, most: number): number | undefined {
  if (!takes(node, scope, 1, 1)) return undefined;
  const text = node.words[0];
  const value = Number(text);
  if (/^[+-]?\d+$/.test(text) && value >= least && value <= most) return value;
  const range =
    most >= Number.MAX_SAFE_INTEGER ? `a whole number from ${least} on` : `a whole number from ${least} to ${most}`;
  return fail(node, scope, `must be ${range}, not "${textOf(text)}"`);
}

/** The only argument, as milliseconds; a number without unit counts `unit`. */
export function duration(node: DirectiveNode, scope: Scope, unit: TimeUnit, leastMs: number): number | undefined {
  if (!takes(node, scope, 1, 1)) return undefined;
  const value = parseDuration(node.words[0], unit);
  if (value !== undefined && value >= leastMs) return value;
  return fail(
    node,
    scope,
    `must be a time of at least ${leastMs} ms (5, 5s, 500ms, 2mi, 1h), not "${textOf(node.words[0])}"`,
  );
}

export type TimeUnit = 's' | 'ms';

/** Longest time that makes sense of a configuration; timers take no more. */
const MAX_DURATION_MS = 2 ** 31 - 1;

/**
 * A time with httpd's units (`ms`, `s`, `mi`, `h`, lower case) in milliseconds; undefined for anything else. What is longer than a
 * timer can wait (24 days) is shortened to that.
 */
export function parseDuration(text: string, unit: TimeUnit): number | undefined {
  const match = /^([+-]?\d+)(ms|mi\w*|s\w*|h\w*|)$/.exec(text);
  if (match === null) return undefined;
  const suffix = match[2] === '' ? unit : match[2];
  const factor = suffix === 'ms' ? 1 : suffix.startsWith('mi') ? 60_000 : suffix.startsWith('s') ? 1000 : 3_600_000;
  return Math.min(Number(match[1]) * factor, MAX_DURATION_MS);
}

/** A path of the configuration, absolute and UTF-8. Drive letters of other systems stay relative names, with a warning. */
export function path(node: ConfigNode, scope: Scope, octets: string): string {
  const text = textOf(octets);
  if (/^[A-Za-z]:[\\/]/.test(text))
    warn(node, scope, `"${text}" is a path of another system and is looked for below ServerRoot`, 'foreign-path');
  return posix.resolve(scope.site.serverRoot, text);
}

/** Reports a file or directory that is not there: an error, or a warning when files are assumed. */
export function expectFile(node: ConfigNode, scope: Scope, file: string, kind: 'file' | 'directory'): void {
  if (scope.site.files.kind(file) === kind) return;
  const message = `the ${kind} ${file} does not exist`;
  if (scope.site.assumeFiles) warn(node, scope, message, 'file-missing');
  else fail(node, scope, message, 'file-missing');
}
