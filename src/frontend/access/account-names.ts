// Names of the owners of files, from /etc/passwd and /etc/group; Node tells only numbers.

import { readFileSync } from 'node:fs';

const users = new Map<number, string>();
const groups = new Map<number, string>();
/** Names remembered of each kind; who owns files on a server are few. */
const NAMES_MAX = 1000;

/** The number itself when it has no name. */
export function userName(id: number): string {
  return nameOf(id, '/etc/passwd', users);
}

/** The number itself when it has no name. */
export function groupName(id: number): string {
  return nameOf(id, '/etc/group', groups);
}

function nameOf(id: number, file: string, known: Map<number, string>): string {
  let name = known.get(id);
  if (name === undefined) {
    name = lookUp(id, file) ?? String(id);
    if (known.size < NAMES_MAX) known.set(id, name);
  }
  return name;
}

function lookUp(id: number, file: string): string | undefined {
  try {
    const lines = readFileSync(file, 'latin1').split('\n');
    return lines.find((line) => line.split(':')[2] === String(id))?.split(':')[0];
  } catch {
    // A machine without such a file has no names.
    return undefined;
  }
}
