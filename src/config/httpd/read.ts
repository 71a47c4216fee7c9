// Reads httpd's configuration language into a tree: sections, includes, defines, conditions and macros are done here;
// what remains is directives and sections with words and places. Place in the picture: floor 2, below `site`.
// Source: httpd's documentation of core, mod_macro and mod_version; order of effects as recorded (modproxy.md §4.17).

import { posix } from 'node:path';
import { type FileReader, octetsOf, textOf } from '../files.ts';
import type { Findings, Place } from '../finding.ts';
import { CONFIG_LIMITS, LimitReached } from '../limits.ts';
import { evaluateCondition, isCondition } from './conditions.ts';
import { resolveInclude } from './include.ts';
import { readLines } from './lines.ts';
import { Macros } from './macro.ts';
import { moduleName } from './modules.ts';
import { SourceFiles } from './source-files.ts';
import type { ConfigNode, ConfigTree, SectionNode } from './tree.ts';
import { Variables } from './variables.ts';
import { readWord, readWords } from './words.ts';

export interface ReadOptions {
  /** Directory that relative paths start from until a ServerRoot directive says otherwise; absolute. */
  readonly serverRoot: string;
  /** The main file, absolute or relative to `serverRoot`; undefined: there is none. */
  readonly file: string | undefined;
  /** Directives read before all others, which options of the command line stand for. */
  readonly spoken?: readonly SpokenDirective[];
  /** Directives read before and after the file (`-C`, `-c`). */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** Names of `-D`, also as `NAME=value`. */
  readonly defines?: readonly string[];
  /** What `${NAME}` falls back to. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly files: FileReader;
  /** Files that are missing are warnings instead of errors. */
  readonly assumeFiles?: boolean;
  /** For `<IfDirective>` and `<IfSection>`; names in lower case, sections with `<`. */
  readonly isKnown: (name: string) => boolean;
}

/** A directive that an option of the command line stands for. */
export interface SpokenDirective {
  readonly text: string;
  /** The option, as it is written, in the place of a file; and which of its uses, counted from 1, for a line. */
  readonly place: Place;
}

/** Reads the whole configuration. Never throws: what is wrong becomes a finding, and reading goes on after it. */
export function readTree(options: ReadOptions, findings: Findings): ConfigTree {
  const reader = new TreeReader(options, findings);
  try {
    for (const { text, place } of options.spoken ?? []) reader.readDirective(text, place);
    for (const text of options.before ?? []) reader.readText(text, '-C');
    if (options.file !== undefined) reader.readFile(posix.resolve(options.serverRoot, options.file), undefined);
    for (const text of options.after ?? []) reader.readText(text, '-c');
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
    findings.error(error.place, '', 'config-limit', error.message);
  }
  return reader.tree();
}

/** A section whose end has not come yet. */
interface Frame {
  /** `open`: its lines are nodes; `skipped`: a condition is false; `macro`: its lines are kept as text. */
  readonly mode: 'open' | 'skipped' | 'macro';
  readonly name: string;
  readonly key: string;
  readonly place: Place;
  /** Where nodes go; a true condition puts them where the condition stands. */
  readonly nodes: ConfigNode[];
  readonly lines: { text: string; place: Place }[];
  /** Words of `<Macro …>`. */
  readonly words: readonly string[];
}

class TreeReader {
  readonly #options: ReadOptions;
  readonly #findings: Findings;
  readonly #nodes: ConfigNode[] = [];
  readonly #variables: Variables;
  readonly #modules = new Set<string>();
  readonly #macros = new Macros();
  readonly #sources: SourceFiles;
  #serverRoot: string;
  #frames: Frame[] = [];
  #includeDepth = 0;
  #macroDepth = 0;
  #directiveCount = 0;

  constructor(options: ReadOptions, findings: Findings) {
    this.#options = options;
    this.#findings = findings;
    this.#sources = new SourceFiles(options.files, findings, options.assumeFiles === true);
    this.#serverRoot = options.serverRoot;
    this.#variables = new Variables(options.defines ?? [], options.environment ?? {});
  }

  tree(): ConfigTree {
    return {
      nodes: this.#nodes,
      serverRoot: this.#serverRoot,
      defines: this.#variables.defines,
      modules: this.#modules,
      files: this.#sources.names,
    };
  }

  /** Lines of the command line, numbered from 1. */
  readText(text: string, name: string): void {
    this.#readSource(Buffer.from(text, 'utf8').toString('latin1'), name);
  }

  /** One line, of an option that stands for it. */
  readDirective(text: string, place: Place): void {
    this.#withOwnFrames(() => this.#line(octetsOf(text), place));
  }

  /** @param from the Include that asked for it; undefined for the main file */
  readFile(path: string, from: Place | undefined): void {
    const text = this.#sources.read(path, from);
    if (text !== undefined) this.#readSource(text, path);
  }

  #readSource(text: string, file: string): void {
    this.#withOwnFrames(() => {
      readLines(text, {
        line: (line) => {
          this.#line(line.text, { file, line: line.line });
          return true;
        },
        commentContinues: (line, hidden) =>
          this.#findings.warn(
            { file, line },
            '',
            'comment-continues',
            `this comment ends in a backslash, so the line after it is comment too: ${textOf(hidden)}`,
          ),
      });
    });
  }

  /** Sections must end in the text they begin in. */
  #withOwnFrames(read: () => void): void {
    const outer = this.#frames;
    const inner = outer.at(-1);
    this.#frames = [];
    if (inner !== undefined) this.#frames.push({ ...inner, mode: 'open', name: '', key: '', lines: [] });
    const bottom = this.#frames.length;
    read();
    for (const frame of this.#frames.slice(bottom).reverse())
      this.#findings.error(frame.place, `<${frame.name}>`, 'section-not-closed', `</${frame.name}> is missing`);
    this.#frames = outer;
  }

  #line(text: string, place: Place): void {
    if (text.length > CONFIG_LIMITS.lineBytes)
      throw new LimitReached(place, `a line has more than ${CONFIG_LIMITS.lineBytes} octets`);
    const top = this.#frames.at(-1);
    if (top?.mode === 'skipped') this.#skippedLine(text, place);
    else if (top?.mode === 'macro') this.#macroLine(text, place, top);
    else this.#openLine(text, place);
  }

  #openLine(text: string, place: Place): void {
    if (++this.#directiveCount > CONFIG_LIMITS.directives)
      throw new LimitReached(
        place,
        `more than ${CONFIG_LIMITS.directives} directives; look for macros that use each other`,
      );
    const expanded = this.#variables.expand(text, place, this.#findings);
    const { word, next } = readWord(expanded, 0);
    const rest = expanded.slice(next);
    if (word.startsWith('</')) this.#close(word, place);
    else if (word.startsWith('<')) this.#open(word, rest, place);
    else this.#directive(word, rest, place);
  }

  // --- sections -----------------------------------------------------------------------------------------------------

  #open(word: string, rest: string, place: Place): void {
    if (this.#frames.length >= CONFIG_LIMITS.sectionDepth)
      throw new LimitReached(place, `more than ${CONFIG_LIMITS.sectionDepth} sections are within each other`);
    const bare = word.endsWith('>') && rest === '';
    const name = word.slice(1, bare ? -1 : undefined);
    const key = name.toLowerCase();
    const end = rest.lastIndexOf('>');
    if (!bare && end < 0) this.#findings.error(place, `<${name}>`, 'section-not-ended', `the line lacks its closing >`);
    if (end >= 0 && rest.slice(end + 1).trim() !== '')
      this.#findings.warn(
        place,
        `<${name}>`,
        'text-after-section',
        `"${textOf(rest.slice(end + 1).trim())}" after > is ignored`,
      );
    const raw = end < 0 ? rest : rest.slice(0, end);
    const words = readWords(raw);
    const frame = { name, key, place, words, lines: [] };
    if (key === 'macro') this.#frames.push({ ...frame, mode: 'macro', nodes: [] });
    else if (isCondition(key)) {
      const holds = this.#condition(key, name, words, place);
      this.#frames.push({ ...frame, mode: holds ? 'open' : 'skipped', nodes: this.#target() });
    } else {
      const children: ConfigNode[] = [];
      const node: SectionNode = { kind: 'section', name, key, raw, words, place, children };
      this.#target().push(node);
      this.#frames.push({ ...frame, mode: 'open', nodes: children });
    }
  }

  #target(): ConfigNode[] {
    return this.#frames.at(-1)?.nodes ?? this.#nodes;
  }

  #close(word: string, place: Place): void {
    if (!word.endsWith('>')) {
      this.#findings.error(
        place,
        word,
        'section-not-ended',
        `${textOf(word)} lacks its closing >; write no space before it`,
      );
    }
    const name = word.slice(2, word.endsWith('>') ? -1 : undefined);
    const top = this.#frames.at(-1);
    if (top === undefined || top.name === '' || name === '') {
      this.#findings.error(place, `</${name}>`, 'section-not-open', `no <${name}> is open in this file`);
      return;
    }
    if (top.key !== name.toLowerCase()) {
      this.#findings.error(
        place,
        `</${name}>`,
        'section-mismatch',
        `expected </${top.name}> for the section opened on line ${top.place.line}`,
      );
      const index = this.#frames.findLastIndex((frame) => frame.key === name.toLowerCase());
      if (index < 0) return;
      this.#frames.length = index + 1;
    }
    const frame = this.#frames.pop();
    if (frame?.mode === 'macro') this.#macros.define(frame.words, frame.lines, frame.place, this.#findings);
  }

  #skippedLine(text: string, place: Place): void {
    if (text[0] !== '<') return;
    const { word, next } = readWord(text, 0);
    if (word.startsWith('</')) {
      this.#close(word, place);
      return;
    }
    if (this.#frames.length >= CONFIG_LIMITS.sectionDepth)
      throw new LimitReached(place, `more than ${CONFIG_LIMITS.sectionDepth} sections are within each other`);
    const name = word.slice(1, word.endsWith('>') && next >= text.length ? -1 : undefined);
    this.#frames.push({ mode: 'skipped', name, key: name.toLowerCase(), place, nodes: [], lines: [], words: [] });
  }

  #macroLine(text: string, place: Place, frame: Frame): void {
    const { word } = readWord(text, 0);
    const key = word.toLowerCase();
    if (key.startsWith('</macro')) this.#close(word, place);
    else if (key === '<macro')
      this.#findings.error(place, '<Macro>', 'macro-nested', 'a macro cannot be defined within a macro');
    else frame.lines.push({ text, place });
  }

  #condition(key: string, name: string, words: readonly string[], place: Place): boolean {
    const answer = evaluateCondition(key, words, {
      isDefined: (define) => this.#variables.defines.has(define),
      isLoaded: (module) => this.#modules.has(module),
      exists: (path) => this.#options.files.kind(this.#path(path)) !== undefined,
      isKnown: this.#options.isKnown,
    });
    if (typeof answer === 'boolean') return answer;
    this.#findings.error(place, `<${name}>`, 'bad-condition', answer);
    return false;
  }

  // --- directives that act while reading ----------------------------------------------------------------------------

  #directive(name: string, raw: string, place: Place): void {
    const key = name.toLowerCase();
    const words = readWords(raw);
    switch (key) {
      case 'include':
      case 'includeoptional':
        this.#include(name, key === 'includeoptional', words, place);
        break;
      case 'define':
        this.#define(name, words, place);
        break;
      case 'undefine':
        if (this.#count(name, words, 1, 1, place)) this.#variables.undefine(words[0]);
        break;
      case 'serverroot':
        this.#setServerRoot(name, words, place);
        break;
      case 'loadmodule':
        if (this.#count(name, words, 2, 2, place)) this.#modules.add(moduleName(words[0]));
        break;
      case 'loadfile':
        break;
      case 'error':
        this.#findings.error(
          place,
          name,
          'error-directive',
          words.length === 0 ? 'Error directive' : textOf(words.join(' ')),
        );
        break;
      case 'use':
        this.#use(name, words, place);
        break;
      case 'undefmacro':
        if (this.#count(name, words, 1, 1, place)) this.#macros.remove(words[0], place, this.#findings);
        break;
      default:
        this.#target().push({ kind: 'directive', name, key, raw, words, place });
    }
  }

  #count(name: string, words: readonly string[], least: number, most: number, place: Place): boolean {
    if (words.length >= least && words.length <= most) return true;
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    this.#findings.error(
      place,
      name,
      'argument-count',
      `takes ${wanted} argument${most === 1 ? '' : 's'}, not ${words.length}`,
    );
    return false;
  }

  #define(name: string, words: readonly string[], place: Place): void {
    if (!this.#count(name, words, 1, 2, place)) return;
    if (words[0].includes(':'))
      this.#findings.error(place, name, 'bad-value', `the name ${textOf(words[0])} must not contain a colon`);
    else this.#variables.define(words[0], words[1] ?? '');
  }

  #setServerRoot(name: string, words: readonly string[], place: Place): void {
    if (!this.#count(name, words, 1, 1, place)) return;
    const path = posix.resolve(this.#options.serverRoot, textOf(words[0]).replaceAll('\\', '/'));
    if (this.#options.files.kind(path) !== 'directory')
      this.#sources.missing(place, name, `the directory ${path} does not exist; create it or correct the path`, true);
    this.#serverRoot = path;
  }

  #include(name: string, isOptional: boolean, words: readonly string[], place: Place): void {
    if (!this.#count(name, words, 1, 1, place)) return;
    if (this.#includeDepth >= CONFIG_LIMITS.includeDepth)
      throw new LimitReached(place, `more than ${CONFIG_LIMITS.includeDepth} files include each other`);
    const found = resolveInclude(this.#path(words[0]), this.#options.files);
    if (found.problem !== undefined && !(isOptional && found.isMissing))
      this.#sources.missing(place, name, found.problem, found.isMissing);
    this.#includeDepth++;
    for (const file of found.files) this.readFile(file, place);
    this.#includeDepth--;
  }

  #use(name: string, words: readonly string[], place: Place): void {
    const lines = this.#macros.use(name, words, place, this.#findings);
    if (lines === undefined) return;
    if (this.#macroDepth >= CONFIG_LIMITS.macroDepth)
      throw new LimitReached(place, `more than ${CONFIG_LIMITS.macroDepth} macros use each other`);
    this.#macroDepth++;
    this.#withOwnFrames(() => {
      for (const line of lines) this.#line(line.text, line.place);
    });
    this.#macros.leave(words[0]);
    this.#macroDepth--;
  }

  /** A path of the configuration, absolute. */
  #path(octets: string): string {
    return posix.resolve(this.#serverRoot, textOf(octets));
  }
}
