// The Range field (RFC 9110 §14) as httpd reads it: what cannot be understood asks for everything, neighbours and
// overlaps melt together, and wasteful requests get the whole file.

/** Octets `[start, end)` of the file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export type RangeVerdict =
  /** Send the whole file with 200. */
  | { readonly kind: 'whole' }
  /** Nothing asked for exists: 416. */
  | { readonly kind: 'unsatisfiable' }
  /** Send these with 206; never empty. */
  | { readonly kind: 'parts'; readonly parts: readonly ByteRange[] };

/** httpd's MaxRanges, MaxRangeOverlaps and MaxRangeReversals at their defaults; beyond any of them the whole file is sent. */
export const MAX_RANGES = 200;
export const MAX_RANGE_OVERLAPS = 20;
export const MAX_RANGE_REVERSALS = 20;

/** Longest number of octets taken seriously: beyond 2^53 sums are no longer exact. */
const MAX_DIGITS = 15;
const WHOLE: RangeVerdict = { kind: 'whole' };

/** @param field value of Range @param size octets of the file */
export function parseRanges(field: string, size: number): RangeVerdict {
  const match = /^bytes=(.*)$/i.exec(field);
  if (match === null || size === 0) return WHOLE;
  const parts: ByteRange[] = [];
  let wanted: ByteRange | undefined;
  let isAnyBeyond = false;
  let overlaps = 0;
  let reversals = 0;
  let total = 0;
  for (const text of match[1].split(',')) {
    const spec = text.trim();
    if (spec === '') continue;
    const range = parseOne(spec, size);
    if (range === undefined) return WHOLE;
    if (range.start >= size) {
      isAnyBeyond = true;
      continue;
    }
    if (wanted === undefined) {
      wanted = range;
      continue;
    }
    if (range.start < wanted.start) reversals++;
    if (range.start <= wanted.end && range.end >= wanted.start) {
      overlaps++;
      wanted = { start: Math.min(range.start, wanted.start), end: Math.max(range.end, wanted.end) };
    } else {
      parts.push(wanted);
      total += wanted.end - wanted.start;
      wanted = range;
    }
    if (overlaps > MAX_RANGE_OVERLAPS || reversals > MAX_RANGE_REVERSALS || parts.length >= MAX_RANGES) return WHOLE;
  }
  if (wanted === undefined) return isAnyBeyond ? { kind: 'unsatisfiable' } : WHOLE;
  parts.push(wanted);
  total += wanted.end - wanted.start;
  return total > size ? WHOLE : { kind: 'parts', parts };
}

/** @returns undefined when it is no range; a range beyond the end keeps its start */
function parseOne(spec: string, size: number): ByteRange | undefined {
  const match = /^(\d*)-(\d*)$/.exec(spec);
  if (match === null) return undefined;
  const [, first, last] = match;
  if (first.length > MAX_DIGITS || last.length > MAX_DIGITS) return undefined;
  if (first === '') {
    const length = Number(last);
    // `-0` asks for nothing; httpd takes it as not understood.
    return last === '' || length === 0 ? undefined : { start: Math.max(0, size - length), end: size };
  }
  const start = Number(first);
  if (last === '') return { start, end: size };
  return Number(last) < start ? undefined : { start, end: Math.min(Number(last) + 1, size) };
}
