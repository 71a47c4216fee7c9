// User and Group: what the process gives up after it has bound its ports and opened its logs, as httpd does it.

import { readFileSync } from 'node:fs';

/**
 * Becomes another user, if started as root. Nothing may be imported lazily afterwards: the new user may not be able to
 * read the program.
 * @param user name, or `#` and a number
 * @throws Error when root cannot become that user
 */
export function dropPrivileges(user: string | undefined, group: string | undefined): void {
  if (process.getuid?.() !== 0) return;
  const gid = group === undefined ? (user === undefined ? undefined : primaryGroup(user)) : idOf(group);
  if (gid !== undefined) {
    process.setgroups?.([gid]);
    process.setgid?.(gid);
  }
  if (user !== undefined) process.setuid?.(idOf(user));
}

function idOf(name: string): number | string {
  return name.startsWith('#') ? Number(name.slice(1)) : name;
}

function primaryGroup(user: string): number {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === user || `#${uid}` === user) return Number(gid);
  }
  throw new Error(`there is no user ${user}`);
}
