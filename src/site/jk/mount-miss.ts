// Why a rule of mod_jk nearly took a path and did not, in words for people. Part of `explain`. Pure.

import { textOf } from '../../config/files.ts';
import type { JkMount } from './model-jk.ts';
import { matchesGlob } from './mounts.ts';

/** A rule as people write it: `JkMount /x/* lb`, `!/x/*=lb`. */
export function mountText({ pattern, worker, isExclusion, isDisabled, source }: JkMount): string {
  if (source === 'JkMount') return textOf(`Jk${isExclusion ? 'Un' : ''}Mount ${pattern} ${worker}`);
  const modifiers = `${isDisabled ? '-' : ''}${isExclusion ? '!' : ''}`;
  return textOf(`${modifiers}${pattern}=${worker}`);
}

/** @param path as rules see it. @returns undefined when the rule is not even near */
export function mountMiss({ pattern, isDisabled }: JkMount, path: string): string | undefined {
  const isGlob = /[*?]/.test(pattern);
  const fits = (text: string): boolean => (isGlob ? matchesGlob(pattern, text) : pattern === text);
  if (fits(path)) return isDisabled ? 'it is switched off by its minus sign' : undefined;
  if (pattern.endsWith('/*') && fits(`${path}/`))
    return `it takes ${textOf(path)}/ and what lies under it, not ${textOf(path)} itself; ${textOf(pattern.slice(0, -2))}|/* takes both`;
  const whole = isGlob
    ? matchesGlob(pattern.toLowerCase(), path.toLowerCase())
    : pattern.toLowerCase() === path.toLowerCase();
  if (whole) return 'it is written in other letters, large and small';
  if (!isGlob && path.startsWith(pattern.endsWith('/') ? pattern : `${pattern}/`))
    return `it takes ${textOf(pattern)} alone, nothing under it`;
  return undefined;
}
