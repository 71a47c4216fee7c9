// User and Group: what the process gives up after it has bound its ports and opened its logs, as httpd does it.

import { readFileSync } from 'node:fs';

/** Node has it wherever it has setgid; its types do not know it. */
type WithGroups = NodeJS.Process & { initgroups(user: string, extraGroup: number | string): void };

/** What /etc/passwd says of a user. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Becomes another user, in all threads and for good, if started as root. Nothing may be imported lazily afterwards: the
 * new user may not be able to read the program.
 * @param user name, or `#` and a number
 * @param group the same; default the user's own. The other groups of a named user are taken over too, as httpd does it
 * @throws Error when root cannot become that user
 */
export function dropPrivileges(user: string | undefined, group: string | undefined): void {
  if (process.getuid?.() !== 0) return;
  const account = user === undefined ? undefined : accountOf(user);
  const gid = group === undefined ? account?.gid : idOf(group);
  if (user !== undefined && gid === undefined) throw new Error(`there is no user ${user} in /etc/passwd, and no Group`);
  try {
    if (gid !== undefined) {
      if (account === undefined) process.setgroups?.([gid]);
      else (process as WithGroups).initgroups(account.name, gid);
      process.setgid?.(gid);
    }
    if (user !== undefined) process.setuid?.(account?.uid ?? idOf(user));
  } catch (error) {
    throw new Error(`cannot become User ${user ?? '(none)'}, Group ${group ?? '(none)'}: ${(error as Error).message}`);
  }
}

/** Whether a start as this process would end as somebody else than root. */
export function willDropRoot(user: string | undefined): boolean {
  if (process.getuid?.() !== 0 || user === undefined) return false;
  return (accountOf(user)?.uid ?? idOf(user)) !== 0;
}

function idOf(name: string): number | string {
  return name.startsWith('#') ? Number(name.slice(1)) : name;
}

/** A user by name, or by `#` and a number; undefined when /etc/passwd does not know it. */
export function accountOf(user: string): Account | undefined {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name = '', , uid, gid] = line.split(':');
    if (name === user || `#${uid}` === user) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** The number of a group by name, or by `#` and a number; undefined when /etc/group does not know it. */
export function groupIdOf(group: string): number | undefined {
  if (/^#\d+$/.test(group)) return Number(group.slice(1));
  for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
    const [name, , gid] = line.split(':');
    if (name === group) return Number(gid);
  }
  return undefined;
}
