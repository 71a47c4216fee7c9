// From the octets of a file to logical lines: continuations joined, white space trimmed, comments and empty lines gone.
// Source: httpd's documentation "Configuration Files", and recordings (modproxy.md §4.17): `#` begins a comment only at
// the start of a line, and a comment, too, goes on after a trailing backslash.

export interface LogicalLine {
  /** Latin1 view, never empty, not beginning with `#`. */
  readonly text: string;
  /** Number of its first physical line, from 1. */
  readonly line: number;
}

export interface LineEvents {
  /** False stops the reading. */
  line(line: LogicalLine): boolean;
  /** A comment ends in a backslash and hides `hidden`, which looks like a directive. */
  commentContinues(line: number, hidden: string): void;
}

const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

/** Calls `events` for each logical line of `text` (latin1 view). */
export function readLines(text: string, events: LineEvents): void {
  let at = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  let number = 0;
  while (at < text.length) {
    const first = number + 1;
    let logical = '';
    let comment = -1;
    for (;;) {
      const newline = text.indexOf('\n', at);
      let end = newline < 0 ? text.length : newline;
      const next = newline < 0 ? text.length : newline + 1;
      number++;
      if (newline >= 0 && end > at && text[end - 1] === '\r') end--;
      const continues = newline >= 0 && end > at && text[end - 1] === '\\';
      const part = text.slice(at, continues ? end - 1 : end);
      if (comment >= 0) {
        if (/^\s*<?\/?[A-Za-z]\w+[\s>]/.test(part)) events.commentContinues(comment, part.trim());
      } else if (logical === '' && /^\s*#/.test(part)) comment = number;
      logical += part;
      at = next;
      if (!continues || at >= text.length) break;
    }
    if (comment >= 0) continue;
    const trimmed = trim(logical);
    if (trimmed !== '' && trimmed[0] !== '#' && !events.line({ text: trimmed, line: first })) return;
  }
}

/** Removes white space in C's sense at both ends; not the no-break spaces that `String.trim` takes too. */
export function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** `isspace` of the C locale. */
export function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
