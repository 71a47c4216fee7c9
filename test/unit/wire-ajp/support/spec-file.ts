// Reads specification files: Markdown in which every `##` is a case with its bytes (block `hex` or `call`) and what must
// come of them (block `events`, or `hex` for a call). spec/README.md explains the notation.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes to feed, or something the owner of the connection does at this place. */
export type Step = { readonly bytes: Buffer } | { readonly action: string };

export interface Case {
  readonly file: string;
  readonly name: string;
  readonly steps: readonly Step[];
  readonly events: readonly string[];
  /** The encoder must produce these very bytes from what was decoded. */
  readonly encodes: boolean;
}

export interface Call {
  readonly file: string;
  readonly name: string;
  /** Function name and its numbers. */
  readonly call: string;
  readonly bytes: Buffer;
}

interface Block {
  readonly info: string;
  readonly lines: readonly string[];
}

interface Section {
  readonly file: string;
  readonly name: string;
  readonly blocks: readonly Block[];
}

/** All cases of the files in `folder` whose names begin with `prefix`. */
export function readCases(folder: string, prefix: string): Case[] {
  return readSections(folder, prefix).map(({ file, name, blocks }) => {
    const hex = blocks.find((block) => block.info.startsWith('hex'));
    const events = blocks.find((block) => block.info === 'events');
    if (hex === undefined || events === undefined)
      throw new Error(`${file}: "${name}" wants a hex and an events block`);
    return { file, name, steps: readSteps(hex.lines), events: events.lines, encodes: hex.info === 'hex encodes' };
  });
}

export function readCalls(folder: string, prefix: string): Call[] {
  return readSections(folder, prefix).map(({ file, name, blocks }) => {
    const call = blocks.find((block) => block.info === 'call');
    const hex = blocks.find((block) => block.info === 'hex');
    if (call === undefined || hex === undefined) throw new Error(`${file}: "${name}" wants a call and a hex block`);
    return { file, name, call: call.lines.join(' '), bytes: readBytes(hex.lines.join('\n')) };
  });
}

/** Rows of the Markdown tables in one file, without their heads. */
export function readTable(path: string): string[][] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => /^\| *[0-9A-F]{2,4} *\|/.test(line))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}

function readSections(folder: string, prefix: string): Section[] {
  return readdirSync(folder)
    .filter((file) => file.startsWith(prefix) && file.endsWith('.md'))
    .sort()
    .flatMap((file) => readSectionsOf(file, readFileSync(join(folder, file), 'utf8')));
}

function readSectionsOf(file: string, text: string): Section[] {
  const sections: { file: string; name: string; blocks: { info: string; lines: string[] }[] }[] = [];
  let block: { info: string; lines: string[] } | undefined;
  for (const line of text.split('\n')) {
    if (block !== undefined) {
      if (line === '```') block = undefined;
      else block.lines.push(line);
    } else if (line.startsWith('## ')) sections.push({ file, name: line.slice(3), blocks: [] });
    else if (line.startsWith('```')) {
      block = { info: line.slice(3), lines: [] };
      sections.at(-1)?.blocks.push(block);
    }
  }
  return sections;
}

function readSteps(lines: readonly string[]): Step[] {
  const steps: Step[] = [];
  let pending = '';
  const flush = () => {
    const bytes = readBytes(pending);
    if (bytes.length > 0) steps.push({ bytes });
    pending = '';
  };
  for (const line of lines) {
    if (line.startsWith('> ')) {
      flush();
      steps.push({ action: line.slice(2) });
    } else pending += `${line}\n`;
  }
  flush();
  return steps;
}

/** `41`, `"text"` (latin1, with \r \n \0 \" \xNN), `300*41`; the rest of a line after # is a comment. */
function readBytes(text: string): Buffer {
  const pieces: Buffer[] = [];
  const token = /#[^\n]*|"((?:[^"\\]|\\.)*)"|(\d+)\*([0-9A-Fa-f]{2})|([0-9A-Fa-f]{2})(?![0-9A-Fa-f])|(\S)/g;
  for (const [, quoted, times, repeated, octet, wrong] of text.matchAll(token)) {
    if (wrong !== undefined) throw new Error(`not a byte notation: ${text}`);
    if (quoted !== undefined) pieces.push(Buffer.from(unquote(quoted), 'latin1'));
    if (times !== undefined) pieces.push(Buffer.alloc(Number(times), Number.parseInt(repeated as string, 16)));
    if (octet !== undefined) pieces.push(Buffer.from(octet, 'hex'));
  }
  return Buffer.concat(pieces);
}

function unquote(text: string): string {
  return text.replace(/\\(x([0-9a-f]{2})|.)/g, (_, letter: string, hex: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return { r: '\r', n: '\n', '0': '\0' }[letter] ?? letter;
  });
}
