// Which paths a process that stays root may touch on behalf of one that does not: those that lead where root wants them
// to. Whoever may change a folder on the way could put a link there, and have any file read or written by root.

import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { posix } from 'node:path';
import type { KeptUser } from './keeper-words.ts';

/** Links on one path, as Linux has it (path_resolution(7)). */
const LINKS_MAX = 40;
const STICKY = 0o1000;

/**
 * Follows a path from link to link and looks at every folder that it passes.
 * @param path absolute @param user who must not be able to lead it elsewhere
 * @returns the path without links; its last name need not exist
 * @throws an error with code EACCES when the user could, or what the system throws
 */
export function guardedPath(path: string, user: KeptUser): string {
  const names = posix.normalize(path).split('/').filter(Boolean);
  let at = '/';
  let folder = lstatSync(at);
  let linkCount = 0;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === '..') {
      at = posix.dirname(at);
      folder = lstatSync(at);
      continue;
    }
    const next = posix.join(at, name);
    const entry = lstatSync(next, { throwIfNoEntry: false });
    if (mayChange(folder, user) && !isHeldBySticky(folder, entry, user)) throw refused(path, at);
    if (entry === undefined) {
      if (names.length > 0) throw coded('ENOENT', `${path}: ${next} does not exist`);
      return next;
    }
    if (entry.isSymbolicLink()) {
      if (++linkCount > LINKS_MAX) throw coded('ELOOP', `${path}: too many links`);
      const target = readlinkSync(next);
      names.unshift(...target.split('/').filter((each) => each !== '' && each !== '.'));
      if (target.startsWith('/')) {
        at = '/';
        folder = lstatSync(at);
      }
      continue;
    }
    at = next;
    folder = entry;
  }
  return at;
}

/** As `guardedPath`; and what the file says is not the user's to choose. */
export function guardedContent(path: string, user: KeptUser): string {
  const plain = guardedPath(path, user);
  const stat = lstatSync(plain);
  if (!stat.isDirectory() && !stat.isFile()) throw coded('EACCES', `${path} is neither a file nor a folder`);
  if (mayChange(stat, user)) throw refused(path, plain);
  return plain;
}

/** By owner, group and mode; who owns something can give himself any mode. */
function mayChange({ uid, gid, mode }: Stats, user: KeptUser): boolean {
  if (uid === user.uid) return true;
  return (mode & (user.groups.includes(gid) ? 0o020 : 0o002)) !== 0;
}

/** In a folder like /tmp only owners take entries away. */
function isHeldBySticky(folder: Stats, entry: Stats | undefined, user: KeptUser): boolean {
  return (folder.mode & STICKY) !== 0 && folder.uid !== user.uid && entry !== undefined && entry.uid !== user.uid;
}

function refused(path: string, folder: string): Error {
  const why = folder === path ? '' : `, because of ${folder}`;
  return coded('EACCES', `${path} may be changed by User, so root does not touch it${why}`);
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
