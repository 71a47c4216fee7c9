// Conditional requests (RFC 9110 §13) on files. The order of tests is §13.2.2; dates are read in the three forms of
// §5.6.7 and nothing else.

import { FIELD } from '../../base/field-names.ts';
import type { Fields } from '../../base/fields.ts';

/** What a file's state is compared by. */
export interface Validators {
  /** As sent, quotes and `W/` included. */
  readonly etag: string;
  /** Seconds since 1970. */
  readonly modifiedSeconds: number;
}

export type ConditionVerdict = 'proceed' | 'not-modified' | 'failed';

/** Whether any condition or range is asked for; the fast path asks only this. */
export function isConditional(fields: Fields): boolean {
  return (
    fields.hasKnown(FIELD['If-None-Match']) ||
    fields.hasKnown(FIELD['If-Modified-Since']) ||
    fields.hasKnown(FIELD.Range) ||
    fields.hasKnown(FIELD['If-Match']) ||
    fields.hasKnown(FIELD['If-Unmodified-Since'])
  );
}

/** @param nowSeconds wall time of the request: a later If-Modified-Since is no valid date (as httpd decides) */
export function judgeConditions(
  method: string,
  fields: Fields,
  validators: Validators,
  nowSeconds: number,
): ConditionVerdict {
  const isRead = method === 'GET' || method === 'HEAD';
  const ifMatch = joined(fields, 'If-Match');
  if (ifMatch !== undefined) {
    if (!matchesEtag(ifMatch, validators.etag, 'strong')) return 'failed';
  } else {
    const since = parseHttpDate(fields.getKnown(FIELD['If-Unmodified-Since']));
    if (since !== undefined && validators.modifiedSeconds > since) return 'failed';
  }
  const ifNoneMatch = joined(fields, 'If-None-Match');
  if (ifNoneMatch !== undefined) {
    // With a range only a strong match proves that the client's other parts are of this very file.
    const strength = fields.hasKnown(FIELD.Range) ? 'strong' : 'weak';
    if (!matchesEtag(ifNoneMatch, validators.etag, strength)) return 'proceed';
    return isRead ? 'not-modified' : 'failed';
  }
  const since = isRead ? parseHttpDate(fields.getKnown(FIELD['If-Modified-Since'])) : undefined;
  return since !== undefined && since <= nowSeconds && validators.modifiedSeconds <= since ? 'not-modified' : 'proceed';
}

/** Whether the Range field counts: If-Range must name the file's present state strongly (§13.1.5). */
export function rangeApplies(fields: Fields, validators: Validators): boolean {
  const ifRange = fields.getKnown(FIELD['If-Range']);
  if (ifRange === undefined) return true;
  if (ifRange.includes('"')) return ifRange === validators.etag && !validators.etag.startsWith('W/');
  return parseHttpDate(ifRange) === validators.modifiedSeconds && !validators.etag.startsWith('W/');
}

function joined(fields: Fields, name: 'If-Match' | 'If-None-Match'): string | undefined {
  if (!fields.hasKnown(FIELD[name])) return undefined;
  return fields.hasRepeats ? fields.getAll(name).join(', ') : fields.getKnown(FIELD[name]);
}

/** A list that is broken somewhere matches up to there. */
function matchesEtag(list: string, etag: string, strength: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true;
  const opaque = etag.startsWith('W/') ? etag.slice(2) : etag;
  if (strength === 'strong' && opaque !== etag) return false;
  const member = /[\s,]*(W\/)?("[^"]*")\s*(?=,|$)/y;
  for (let match = member.exec(list); match !== null; match = member.exec(list)) {
    if (match[2] === opaque && (strength === 'weak' || match[1] === undefined)) return true;
  }
  return false;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const IMF_OR_850 = /^[a-z]+, ?(\d{1,2})[ -]([a-z]{3})[ -](\d{4}|\d{2}) (\d\d):(\d\d):(\d\d) GMT(?:;.*)?$/i;
const ASCTIME = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/i;

/** @returns seconds since 1970, undefined when it is no HTTP date. Two-digit years below 70 are of this century. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  let match = IMF_OR_850.exec(text);
  if (match !== null) return seconds(match[3], match[2], match[1], match[4], match[5], match[6]);
  match = ASCTIME.exec(text);
  return match === null ? undefined : seconds(match[6], match[1], match[2], match[3], match[4], match[5]);
}

function seconds(
  yearText: string,
  monthText: string,
  day: string,
  hour: string,
  minute: string,
  second: string,
): number | undefined {
  const month = MONTHS.indexOf(monthText.toLowerCase());
  if (month < 0 || Number(day) < 1 || Number(day) > 31) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const short = Number(yearText);
  const year = yearText.length === 4 ? short : short < 70 ? 2000 + short : 1900 + short;
  return Date.UTC(year, month, Number(day), Number(hour), Number(minute), Number(second)) / 1000;
}
