// The state of one file as a response tells it: validators, content fields, and the ready-made table of both. Made once
// per state of a file and settings, then copied into responses.

import type { BigIntStats } from 'node:fs';
import { FIELD } from '../../base/field-names.ts';
import { Fields } from '../../base/fields.ts';
import type { DirectorySettings } from '../../site/model.ts';
import type { ContentFacts } from './mime.ts';
import type { Validators } from './static-conditions.ts';

/**
 * A file changed less than this ago may change again within one tick of its time stamps: its ETag is weak (as httpd's)
 * and its octets are not kept in memory.
 */
export const UNSETTLED_MS = 1000;

export interface Representation extends Validators {
  readonly size: number;
  /** Content-Type; undefined when unknown. */
  readonly type: string | undefined;
  /** Last-Modified, ETag, Accept-Ranges: the head of a 304. */
  readonly validators: Fields;
  /** `validators` and the fields about the content: the head of a 200. */
  readonly head: Fields;
}

/** @param wallMs ms since 1970 */
export function represent(
  stat: BigIntStats,
  facts: ContentFacts,
  settings: DirectorySettings,
  wallMs: number,
): Representation {
  const modifiedSeconds = Number(stat.mtimeNs / 1_000_000_000n);
  const etag = etagOf(stat, settings.etag, wallMs);
  const validators = new Fields();
  validators.addKnown(FIELD['Last-Modified'], new Date(modifiedSeconds * 1000).toUTCString());
  if (etag !== '') validators.addKnown(FIELD.ETag, etag);
  validators.addKnown(FIELD['Accept-Ranges'], 'bytes');
  const head = new Fields();
  head.addAll(validators);
  if (facts.type !== undefined) head.addKnown(FIELD['Content-Type'], facts.type);
  if (facts.encoding !== undefined) head.addKnown(FIELD['Content-Encoding'], facts.encoding);
  if (facts.language !== undefined) head.addKnown(FIELD['Content-Language'], facts.language);
  return { etag, modifiedSeconds, size: Number(stat.size), type: facts.type, validators, head };
}

/** Whether neither content nor folder entry of a file has changed for long enough to trust its time stamps. */
export function isSettled(stat: BigIntStats, wallMs: number): boolean {
  const limitNs = BigInt(Math.floor(wallMs) - UNSETTLED_MS) * 1_000_000n;
  return stat.mtimeNs <= limitNs && stat.ctimeNs <= limitNs;
}

/** Whether two looks at a path saw the same file in the same state. */
export function isSameState(one: BigIntStats, other: BigIntStats): boolean {
  return (
    one.mtimeNs === other.mtimeNs &&
    one.ctimeNs === other.ctimeNs &&
    one.size === other.size &&
    one.ino === other.ino &&
    one.dev === other.dev
  );
}

/** FileETag: inode, size and modification time in microseconds, in hexadecimal, whichever are wanted; '' for none. */
function etagOf(stat: BigIntStats, wanted: readonly string[] | undefined, wallMs: number): string {
  const names = new Set((wanted ?? ['MTime', 'Size']).map((name) => name.toLowerCase()));
  const all = names.has('all');
  const parts: string[] = [];
  if (all || names.has('inode')) parts.push(stat.ino.toString(16));
  if (all || names.has('size')) parts.push(stat.size.toString(16));
  if (all || names.has('mtime')) parts.push((stat.mtimeNs / 1000n).toString(16));
  if (parts.length === 0) return '';
  const isWeak = wallMs - Number(stat.mtimeNs / 1_000_000n) < UNSETTLED_MS;
  return `${isWeak ? 'W/' : ''}"${parts.join('-')}"`;
}
