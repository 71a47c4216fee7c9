// Answers what a directive is: where it may stand and what becomes of it. Place in the picture: floor 2, beside the tree;
// `site` asks it for every node. The facts are in the three tables it imports.

import { AUTHENTICATION_DIRECTIVES } from './authentication-directives.ts';
import { DIRECTIVE_TABLE, type ModuleDirectives, type Names } from './directive-table.ts';
import { OTHER_DIRECTIVES } from './other-directives.ts';

export type Handling = 'honoured' | 'checked' | 'accepted' | 'ignored' | 'restricts';

/** Where a directive may stand: see `Names`. */
export type Standing = keyof Names;

export interface DirectiveRule {
  /** As httpd spells it; sections without `<`. */
  readonly name: string;
  readonly module: string;
  readonly isSection: boolean;
  readonly standing: Standing;
  readonly handling: Handling;
  /** For an ignored one: what that means. */
  readonly consequence: string;
}

/** Finds a directive by its name in lower case; a section's begins with `<`. */
export function findDirective(key: string): DirectiveRule | undefined {
  return RULES.get(key);
}

/** Every directive known, for tables in documents and for tests. */
export function allDirectives(): Iterable<DirectiveRule> {
  return RULES.values();
}

/** Directives that reading itself resolves; they never reach a tree. */
export const READING_DIRECTIVES: readonly string[] = [
  'Define',
  'UnDefine',
  'Error',
  'Include',
  'IncludeOptional',
  'LoadFile',
  'LoadModule',
  'ServerRoot',
  'UndefMacro',
  'Use',
  '<IfDefine',
  '<IfDirective',
  '<IfFile',
  '<IfModule',
  '<IfSection',
  '<IfVersion',
  '<Macro',
];

/** For `<IfDirective>` and `<IfSection>`. */
export function isKnownDirective(key: string): boolean {
  return RULES.has(key) || READING_KEYS.has(key);
}

/** Names near to a misspelled one, for the message; nearest first, at most three. */
export function similarDirectives(key: string): string[] {
  const most = Math.max(1, Math.floor(key.length / 4));
  return [...RULES]
    .filter(([other, rule]) => rule.handling !== 'ignored' && Math.abs(other.length - key.length) <= most)
    .map(([other, rule]) => ({ name: rule.name, distance: distance(key, other, most) }))
    .filter((candidate) => candidate.distance <= most)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map((candidate) => candidate.name);
}

const READING_KEYS = new Set(READING_DIRECTIVES.map((name) => name.toLowerCase()));
const RULES: ReadonlyMap<string, DirectiveRule> = readTable();

function readTable(): Map<string, DirectiveRule> {
  const rules = new Map<string, DirectiveRule>();
  for (const module of [...DIRECTIVE_TABLE, ...AUTHENTICATION_DIRECTIVES, ...OTHER_DIRECTIVES])
    for (const handling of ['honoured', 'checked', 'accepted', 'ignored', 'restricts'] as const)
      for (const rule of rulesOf(module, handling))
        rules.set(`${rule.isSection ? '<' : ''}${rule.name.toLowerCase()}`, rule);
  return rules;
}

function rulesOf(module: ModuleDirectives, handling: Handling): DirectiveRule[] {
  const names = module[handling] ?? {};
  return (['global', 'server', 'anywhere', 'section'] as const).flatMap((standing) =>
    (names[standing] ?? '')
      .split(' ')
      .filter((name) => name !== '')
      .map((name) => ({
        name: name.replace('<', ''),
        module: module.module,
        isSection: name.startsWith('<'),
        standing,
        handling,
        consequence: module.without ?? 'it changes nothing',
      })),
  );
}

/** Levenshtein's distance, or more than `most`. */
function distance(a: string, b: string, most: number): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
    if (Math.min(...row) > most) return most + 1;
  }
  return row[b.length];
}
