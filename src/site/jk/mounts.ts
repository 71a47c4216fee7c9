// Rules of mod_jk at work: sorted and compiled once, asked for every request of a host that has some. Pure, and without
// allocation where a path has no parameters. Source: docs/reference/uriworkermap.md; mod_jk 1.2.48 observed.

import type { JkMount, JkTarget, JkWorker } from './model-jk.ts';

/** Longest path in octets that rules are asked about; a longer one is nobody's. */
export const MAX_MOUNT_PATH = 4095;

/** Sources in the order in which they come at equal patterns. */
const SOURCES: readonly JkMount['source'][] = ['uriworkermap', 'JkMount', 'worker definition'];

/** More slashes first, then longer, then by source; otherwise as they come. */
export function sortMounts(mounts: readonly JkMount[]): JkMount[] {
  return [...mounts].sort(
    (a, b) =>
      slashes(b.pattern) - slashes(a.pattern) ||
      b.pattern.length - a.pattern.length ||
      SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source),
  );
}

export interface CompiledMount {
  readonly mount: JkMount;
  readonly isGlob: boolean;
  readonly target: JkTarget;
}

/** The rules of one host. */
export class MountTable {
  /** All, sorted; exclusions and those that are switched off too. */
  readonly mounts: readonly JkMount[];
  readonly #rules: readonly CompiledMount[];
  readonly #exclusions: readonly CompiledMount[];
  readonly #rejectsUnsafe: boolean;

  /**
   * @param mounts in any order
   * @param rejectsUnsafe JkOptions RejectUnsafeURI: nothing matches a path with `%` or a backslash in it
   */
  constructor(mounts: readonly JkMount[], workers: ReadonlyMap<string, JkWorker>, rejectsUnsafe: boolean) {
    this.mounts = sortMounts(mounts);
    const compiled = this.mounts.filter((mount) => !mount.isDisabled).map((mount) => compile(mount, workers));
    this.#rules = compiled.filter(({ mount }) => !mount.isExclusion);
    this.#exclusions = compiled.filter(({ mount }) => mount.isExclusion);
    this.#rejectsUnsafe = rejectsUnsafe;
  }

  /** Rules in force, in the order in which they are tried. */
  get rules(): readonly CompiledMount[] {
    return this.#rules;
  }

  /**
   * The rule that takes a path, if none takes it out again.
   * @param path as `servletPath` makes it
   */
  find(path: string): CompiledMount | undefined {
    if (this.refuses(path)) return undefined;
    const rules = this.#rules;
    for (let i = 0; i < rules.length; i++)
      if (takes(rules[i], path)) return this.excludes(rules[i], path) === undefined ? rules[i] : undefined;
    return undefined;
  }

  /** Whether no rule is asked about this path. */
  refuses(path: string): boolean {
    return path.length > MAX_MOUNT_PATH || (this.#rejectsUnsafe && (path.includes('%') || path.includes('\\')));
  }

  /** The exclusion that takes a path out again; one of another worker does not. */
  excludes(rule: CompiledMount, path: string): CompiledMount | undefined {
    const exclusions = this.#exclusions;
    const { worker } = rule.mount;
    for (let i = 0; i < exclusions.length; i++) {
      const { mount } = exclusions[i];
      if ((mount.worker === worker || mount.worker === '*') && takes(exclusions[i], path)) return exclusions[i];
    }
    return undefined;
  }
}

/** Whether the pattern is that of the path. */
export function takes({ mount, isGlob }: CompiledMount, path: string): boolean {
  return isGlob ? matchesGlob(mount.pattern, path) : mount.pattern === path;
}

function compile(mount: JkMount, workers: ReadonlyMap<string, JkWorker>): CompiledMount {
  const target: JkTarget = {
    kind: 'jk',
    worker: workers.get(mount.worker),
    name: mount.worker,
    rules: mount.rules,
  };
  return { mount, isGlob: /[*?]/.test(mount.pattern), target };
}

const STAR = 0x2a;
const QUESTION = 0x3f;

/** `*` stands for any run of characters, slashes too, `?` for one. At most one step back for each character of the path. */
export function matchesGlob(pattern: string, path: string): boolean {
  let p = 0;
  let at = 0;
  /** Where to go on when the run of the last star must be longer. */
  let star = -1;
  let run = 0;
  while (at < path.length) {
    const wanted = pattern.charCodeAt(p);
    if (wanted === STAR) {
      star = ++p;
      run = at;
      if (p === pattern.length) return true;
    } else if (p < pattern.length && (wanted === QUESTION || wanted === path.charCodeAt(at))) {
      p++;
      at++;
    } else if (star >= 0) {
      p = star;
      at = ++run;
    } else return false;
  }
  while (pattern.charCodeAt(p) === STAR) p++;
  return p === pattern.length;
}

/**
 * What rules are compared with: the decoded path as servlets see it, without `;parameters` of any segment, slashes merged,
 * dots resolved that parameters had hidden. The same string when there is nothing to do; undefined when it leaves the root
 * (answered 400).
 */
export function servletPath(path: string): string | undefined {
  if (!path.includes(';') && !path.includes('//')) return path;
  const segments: string[] = [];
  const parts = path.split('/');
  let endsInSlash = true;
  for (let i = 1; i < parts.length; i++) {
    const semicolon = parts[i].indexOf(';');
    const name = semicolon < 0 ? parts[i] : parts[i].slice(0, semicolon);
    endsInSlash = name === '' || name === '.' || name === '..';
    if (name === '..') {
      if (segments.pop() === undefined) return undefined;
    } else if (!endsInSlash) segments.push(name);
  }
  return segments.length === 0 ? '/' : `/${segments.join('/')}${endsInSlash ? '/' : ''}`;
}

function slashes(pattern: string): number {
  let count = 0;
  for (let at = pattern.indexOf('/'); at >= 0; at = pattern.indexOf('/', at + 1)) count++;
  return count;
}
