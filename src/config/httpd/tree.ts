// The tree that reading a configuration leaves: directives and sections with their words and places, includes and
// conditions already resolved. Place in the picture: floor 2; `site` compiles it, `dump` prints it.

import type { Place } from '../finding.ts';

export interface DirectiveNode {
  readonly kind: 'directive';
  /** As written. */
  readonly name: string;
  /** Lower case. */
  readonly key: string;
  /** What follows the name, variables replaced, quotes still there. */
  readonly raw: string;
  readonly words: readonly string[];
  readonly place: Place;
}

export interface SectionNode {
  readonly kind: 'section';
  /** As written, without `<`. */
  readonly name: string;
  /** Lower case. */
  readonly key: string;
  /** What stands between the name and `>`. */
  readonly raw: string;
  readonly words: readonly string[];
  readonly place: Place;
  readonly children: readonly ConfigNode[];
}

export type ConfigNode = DirectiveNode | SectionNode;

export interface ConfigTree {
  readonly nodes: readonly ConfigNode[];
  /** ServerRoot in force at the end, absolute. */
  readonly serverRoot: string;
  /** Define and `-D`; a name without value has ''. */
  readonly defines: ReadonlyMap<string, string>;
  /** What LoadModule named, without `_module`, in order. */
  readonly modules: ReadonlySet<string>;
  /** Every file read, in order of first reading: what a reload must look at. */
  readonly files: readonly string[];
}
