// `<IfModule>`, `<IfDefine>`, `<IfFile>`, `<IfDirective>`, `<IfSection>`, `<IfVersion>`: whether what is within is read.
// Source: documentation of core and mod_version.

import { IMPLEMENTED_MODULES, moduleName } from './modules.ts';
import { matchVersion } from './version.ts';

/** What conditions ask about. */
export interface ConditionFacts {
  isDefined(name: string): boolean;
  /** LoadModule named it. @param name without `_module` */
  isLoaded(name: string): boolean;
  exists(path: string): boolean;
  /** @param name in lower case; a section's begins with `<` */
  isKnown(name: string): boolean;
}

const CONDITIONS = /^if(module|define|version|file|directive|section)$/;

/** @param key name of a section in lower case */
export function isCondition(key: string): boolean {
  return CONDITIONS.test(key);
}

/** Whether the condition holds; a text says what is wrong with it. */
export function evaluateCondition(key: string, words: readonly string[], facts: ConditionFacts): boolean | string {
  if (key === 'ifversion') {
    const answer = matchVersion(words);
    return 'holds' in answer ? answer.holds : answer.problem;
  }
  const first = words[0] ?? '';
  const isNegated = first.startsWith('!');
  const argument = isNegated ? first.slice(1) : first;
  if (argument === '') return 'needs an argument';
  return holds(key, argument, facts) !== isNegated;
}

function holds(key: string, argument: string, facts: ConditionFacts): boolean {
  switch (key) {
    case 'ifdefine':
      return facts.isDefined(argument);
    case 'ifmodule': {
      const module = moduleName(argument);
      return IMPLEMENTED_MODULES.has(module) || facts.isLoaded(module);
    }
    case 'iffile':
      return facts.exists(argument);
    case 'ifdirective':
      return facts.isKnown(argument.toLowerCase());
    default:
      return facts.isKnown(`<${argument.replace(/^<|>$/g, '').toLowerCase()}`);
  }
}
