// The text of password files (AuthUserFile) and group files (AuthGroupFile), read as httpd reads them: the first line
// with a user's name is his, a group's lines add up. Source: documentation of mod_authn_file and mod_authz_groupfile;
// joined lines as observed.

import { passwordProblem } from './password-format.ts';

/** What a password file says of one user. */
export interface PasswordEntry {
  readonly stored: string;
  /** First line is 1. */
  readonly line: number;
  /** Why nobody can enter by it; undefined when the password can be verified. */
  readonly problem: string | undefined;
}

export interface PasswordFile {
  readonly users: ReadonlyMap<string, PasswordEntry>;
  /** Stored passwords that can be verified, for names that are not there. */
  readonly verifiable: readonly string[];
}

/** Groups of each user, in lower case: httpd compares their names so. */
export type GroupFile = ReadonlyMap<string, ReadonlySet<string>>;

/** @param octets latin1 view of the file: names and passwords are octets */
export function parsePasswordFile(octets: string): PasswordFile {
  const users = new Map<string, PasswordEntry>();
  for (const { text, line } of linesOf(octets)) {
    const colon = text.indexOf(':');
    const name = colon < 0 ? text : text.slice(0, colon);
    // Several colons in a row count as one; what follows the next one is a remark.
    const stored = colon < 0 ? '' : text.slice(colon).replace(/^:+/, '').split(':')[0];
    if (!users.has(name)) users.set(name, { stored, line, problem: passwordProblem(stored) });
  }
  const entries = [...users.values()];
  return { users, verifiable: entries.filter((entry) => entry.problem === undefined).map((entry) => entry.stored) };
}

/** @param octets latin1 view of the file */
export function parseGroupFile(octets: string): GroupFile {
  const groups = new Map<string, Set<string>>();
  for (const { text } of linesOf(octets)) {
    const colon = text.indexOf(':');
    if (colon < 0) continue;
    const group = text.slice(0, colon).trimEnd().toLowerCase();
    for (const user of wordsOf(text.slice(colon + 1))) {
      const own = groups.get(user) ?? new Set();
      groups.set(user, own.add(group));
    }
  }
  return groups;
}

/** Lines without blanks around them, comments and empty ones left out; a backslash at the end joins the next line. */
function linesOf(octets: string): { text: string; line: number }[] {
  const found: { text: string; line: number }[] = [];
  let joined = '';
  let start = 1;
  for (const [i, raw] of octets.split('\n').entries()) {
    if (joined === '') start = i + 1;
    if (raw.endsWith('\\')) {
      joined += raw.slice(0, -1);
      continue;
    }
    const text = (joined + raw).trim();
    joined = '';
    if (text !== '' && !text.startsWith('#')) found.push({ text, line: start });
  }
  return found;
}

/** Words between blanks; a word in quotes may hold some. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"?|'((?:[^'\\]|\\.)*)'?|(\S+)/g)].map(
    ([, double, single, plain]) => (double ?? single)?.replace(/\\(["'\\])/g, '$1') ?? plain,
  );
}
