// How mod_rewrite of sections lies over that of others. Source: documentation of RewriteOptions.

import type { SectionRewriting } from '../model.ts';

/**
 * What a section within another makes of the outer one's: its own rules count, and its path is what patterns leave out.
 * RewriteOptions of the outer one hold where the inner one has none; those of the host
 * not between sections of one kind, which httpd merges with each other first.
 */
export function mergeRewriting(base: SectionRewriting, over: SectionRewriting): SectionRewriting {
  const isSameWalk = over.kind === base.kind;
  const options = over.hasOptions || (isSameWalk && !base.hasOptions) ? over : base;
  const inherits = options.inherits ?? (over.ignoresInherited ? undefined : base.isInherited);
  const rules =
    inherits === undefined
      ? over.rules
      : inherits === 'after'
        ? [...over.rules, ...base.rules]
        : [...base.rules, ...over.rules];
  return {
    ...over,
    isOn: over.isOn ?? base.isOn,
    rules,
    base: over.base ?? (options.mergesBase ? base.base : undefined),
    hasOptions: over.hasOptions || (isSameWalk && base.hasOptions),
    inherits: options.inherits,
    isInherited: options.isInherited,
    ignoresInherited: options.ignoresInherited,
    mergesBase: options.mergesBase,
  };
}
