// Which files an Include means: one file, a directory with everything below it, or wildcards in any part of the path,
// in name order. Source: documentation of Include, and recordings (modproxy.md §4.17).

import { posix } from 'node:path';
import { type FileReader, octetsOf } from '../files.ts';
import { CONFIG_LIMITS } from '../limits.ts';
import { compileGlob, hasWildcards } from './glob.ts';

export interface IncludeFiles {
  readonly files: readonly string[];
  /** Set when nothing could be found, or not all of it. */
  readonly problem: string | undefined;
  /** The problem is an absence, which IncludeOptional does not mind. */
  readonly isMissing: boolean;
}

/** @param path absolute */
export function resolveInclude(path: string, files: FileReader): IncludeFiles {
  if (!hasWildcards(path)) {
    const kind = files.kind(path);
    if (kind === undefined) return { files: [], problem: `${path} does not exist`, isMissing: true };
    if (kind === 'file') return { files: [path], problem: undefined, isMissing: false };
    return guarded(() => ({ files: below(path, files, 0), problem: undefined, isMissing: false }));
  }
  return guarded(() => {
    let found = ['/'];
    for (const part of path.split('/').filter((name) => name !== '')) {
      if (!hasWildcards(part)) found = found.map((parent) => posix.join(parent, part));
      else {
        const pattern = compileGlob(octetsOf(part), { period: true });
        found = found.flatMap((parent) =>
          files.kind(parent) === 'directory'
            ? sorted(files.list(parent).filter((name) => pattern.test(octetsOf(name)))).map((name) =>
                posix.join(parent, name),
              )
            : [],
        );
      }
    }
    const present = found.filter((file) => files.kind(file) !== undefined);
    if (present.length === 0)
      return { files: [], problem: `nothing matches ${path}; use IncludeOptional if that may be`, isMissing: true };
    return {
      files: present.flatMap((file) => (files.kind(file) === 'directory' ? below(file, files, 0) : [file])),
      problem: undefined,
      isMissing: false,
    };
  });
}

/** Every file in a directory and its directories, each in name order. */
function below(directory: string, files: FileReader, depth: number): string[] {
  if (depth > CONFIG_LIMITS.includeDirectoryDepth)
    throw new Error(`${directory} lies more than ${CONFIG_LIMITS.includeDirectoryDepth} directories deep`);
  return sorted(files.list(directory)).flatMap((name) => {
    const path = posix.join(directory, name);
    const kind = files.kind(path);
    if (kind === 'directory') return below(path, files, depth + 1);
    return kind === 'file' ? [path] : [];
  });
}

/** In the order of their octets, as strcmp has it. */
function sorted(names: readonly string[]): string[] {
  return names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function guarded(find: () => IncludeFiles): IncludeFiles {
  try {
    return find();
  } catch (error) {
    return { files: [], problem: error instanceof Error ? error.message : String(error), isMissing: false };
  }
}
