// From a logical line to words: `${VAR}` first, over the whole line, then quoting. That order is httpd's, so a variable
// may hold several words or half a quote. Source: documentation of Define and "Configuration Files", and recordings.

import { isSpace } from './lines.ts';

/** The first word of `text` from `at` on, and where the next begins. */
export interface Word {
  readonly word: string;
  readonly next: number;
}

/** Reads one word: up to white space, or within `"…"` or `'…'`; a quote left open runs to the end. */
export function readWord(text: string, at: number): Word {
  let from = at;
  while (from < text.length && isSpace(text.charCodeAt(from))) from++;
  if (from >= text.length) return { word: '', next: text.length };
  const quote = text[from];
  let word = '';
  let i = from;
  if (quote === '"' || quote === "'") {
    for (i = from + 1; i < text.length && text[i] !== quote; i++) {
      if (text[i] === '\\' && (text[i + 1] === quote || text[i + 1] === '\\')) i++;
      word += text[i];
    }
    if (i < text.length) i++;
  } else {
    for (; i < text.length && !isSpace(text.charCodeAt(i)); i++) {
      if (text[i] === '\\' && text[i + 1] === '\\') i++;
      word += text[i];
    }
  }
  while (i < text.length && isSpace(text.charCodeAt(i))) i++;
  return { word, next: i };
}

/** All words of `text`. */
export function readWords(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const { word, next } = readWord(text, at);
    if (next === at) break;
    words.push(word);
    at = next;
  }
  return words;
}

/**
 * Replaces each `${NAME}` by what `lookUp` tells. A name nobody knows stays as it is and is told to `unknown`; one with
 * a colon belongs to RewriteMap and stays without a word. What was put in is not looked at again.
 */
export function expandVariables(
  text: string,
  lookUp: (name: string) => string | undefined,
  unknown: (name: string) => void,
): string {
  let at = text.indexOf('${');
  if (at < 0) return text;
  let result = '';
  let done = 0;
  while (at >= 0) {
    const end = text.indexOf('}', at);
    if (end < 0) break;
    const name = text.slice(at + 2, end);
    const value = lookUp(name);
    if (value === undefined && !name.includes(':')) unknown(name);
    result += text.slice(done, at) + (value ?? text.slice(at, end + 1));
    done = end + 1;
    at = text.indexOf('${', done);
  }
  return result + text.slice(done);
}
