// What `explain` tells of the rules of mod_jk that were asked about a path: which one took it, which nearly did, and which
// took it out again.

import { mountMiss, mountText } from '../../site/jk/mount-miss.ts';
import { type CompiledMount, MAX_MOUNT_PATH, takes } from '../../site/jk/mounts.ts';
import type { JkMount } from '../../site/model.ts';
import type { JkRules } from '../jk/jk-rules.ts';
import type { MappingFacts, Named } from './explanation.ts';

/** What was asked. */
export interface JkAsked {
  readonly rules: JkRules;
  /** As rules see it. */
  readonly path: string;
  readonly found: CompiledMount | undefined;
}

export function jkMappingFacts({ rules: { table, mounts }, path, found }: JkAsked, most: number): MappingFacts {
  const fitting = table.refuses(path) ? [] : table.rules.filter((rule) => takes(rule, path));
  const nearly = mounts.flatMap((mount) => {
    const why = mount.isExclusion ? undefined : mountMiss(mount, path);
    return why === undefined ? [] : [{ ...named(mount), why }];
  });
  const [first, ...others] = fitting;
  if (found === undefined && first !== undefined) {
    const exclusion = table.excludes(first, path);
    if (exclusion !== undefined)
      nearly.unshift({ ...named(first.mount), why: `${mountText(exclusion.mount)} takes the path out again` });
  }
  const tooLong = path.length > MAX_MOUNT_PATH ? `the path has more than ${MAX_MOUNT_PATH} octets` : undefined;
  const unsafe =
    tooLong === undefined && table.refuses(path) ? 'RejectUnsafeURI: the path has a % or \\ in it' : undefined;
  const why = tooLong ?? unsafe;
  if (why !== undefined) nearly.unshift(...table.rules.slice(0, 1).map(({ mount }) => ({ ...named(mount), why })));
  return {
    rule: found === undefined ? undefined : named(found.mount),
    path: undefined,
    nearly: nearly.slice(0, most),
    later: (found === undefined ? [] : others).map(({ mount }) => named(mount)).slice(0, most),
    otherCount: mounts.length - fitting.length - nearly.length,
  };
}

function named(mount: JkMount): Named {
  return { text: mountText(mount), place: mount.place };
}
