// JkRequestLogFormat as the inert tree that LogFormat becomes too: its letters are httpd's, and three of mod_jk's own that
// read notes. Source: documentation of mod_jk, and mod_jk 1.2.48 asked for each.

import type { CompiledLogFormat, LogField, LogPart } from '../httpd/log-format.ts';

/** Letters that mean what they mean in LogFormat; `%s` is the status of the request that the client made. */
const SHARED: ReadonlySet<string> = new Set('rUsbBVvpHmq');
/** Letters of mod_jk, by the note that each shows: duration, worker, route. */
const NOTES: ReadonlyMap<string, string> = new Map([
  ['T', 'JK_REQUEST_DURATION'],
  ['w', 'JK_WORKER_NAME'],
  ['R', 'JK_WORKER_ROUTE'],
]);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['\\', '\\'],
]);
/** Longest format accepted. */
const MAX_FORMAT = 64 * 1024;

/** Compiles a format: text, and `%` with one letter. Backslashes: `\n`, `\t`, `\\`; any other stays. */
export function compileJkRequestLogFormat(source: string): CompiledLogFormat {
  if (source.length > MAX_FORMAT) return { ok: false, problem: `the format is longer than ${MAX_FORMAT}`, offset: 0 };
  const parts: LogPart[] = [];
  for (const match of source.matchAll(/%(?<letter>.?)|[^%]+/gs)) {
    const letter = match.groups?.letter;
    if (letter === undefined) parts.push({ kind: 'text', text: unescaped(match[0]) });
    else if (SHARED.has(letter)) parts.push(field(letter));
    else if (NOTES.has(letter)) parts.push(field('n', NOTES.get(letter)));
    else return { ok: false, problem: `%${letter} is not a directive of JkRequestLogFormat`, offset: match.index };
  }
  return { ok: true, format: parts };
}

function field(name: string, argument?: string): LogField {
  return { kind: 'field', name, argument, statuses: undefined, request: undefined };
}

function unescaped(text: string): string {
  return text.replace(/\\([nt\\])/g, (_, letter: string) => ESCAPES.get(letter) as string);
}
