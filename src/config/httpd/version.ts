// `<IfVersion>`: the version of httpd that this server answers for, and the comparisons of mod_version.

import { compileRegex } from './regex.ts';

/** The httpd that was measured; what `<IfVersion>` is compared with. */
export const HTTPD_VERSION = '2.4.71';

export type VersionAnswer = { readonly holds: boolean } | { readonly problem: string };

/** Answers `<IfVersion words…>`: `[[!]operator] version`, operators `= == > >= < <= ~`, version `major[.minor[.patch]]`. */
export function matchVersion(words: readonly string[]): VersionAnswer {
  if (words.length === 0 || words.length > 2) return { problem: 'needs an operator and a version, such as `>= 2.4`' };
  let operator = words.length === 2 ? words[0] : '=';
  const version = words[words.length - 1];
  const isNegated = operator.startsWith('!');
  if (isNegated) operator = operator.slice(1);
  const answer = compare(operator === '' ? '=' : operator, version);
  return 'holds' in answer && isNegated ? { holds: !answer.holds } : answer;
}

function compare(operator: string, version: string): VersionAnswer {
  if (operator === '~') return matchRegex(version);
  if (operator === '=' && version.startsWith('/')) {
    if (!version.endsWith('/') || version.length < 3)
      return { problem: `the regular expression ${version} lacks its last /` };
    return matchRegex(version.slice(1, -1));
  }
  if (!/^\d+(\.\d+){0,2}$/.test(version)) return { problem: `${version} is not of the form major[.minor[.patch]]` };
  const mine = HTTPD_VERSION.split('.').map(Number);
  const asked = version.split('.').map(Number);
  let order = 0;
  for (let i = 0; i < 3 && order === 0; i++) order = Math.sign(mine[i] - (asked[i] ?? 0));
  switch (operator) {
    case '=':
    case '==':
      return { holds: order === 0 };
    case '>':
      return { holds: order > 0 };
    case '>=':
      return { holds: order >= 0 };
    case '<':
      return { holds: order < 0 };
    case '<=':
      return { holds: order <= 0 };
    default:
      return { problem: `${operator} is not an operator; use =, >, >=, <, <= or ~` };
  }
}

function matchRegex(source: string): VersionAnswer {
  const compiled = compileRegex(source);
  return compiled.ok ? { holds: compiled.regex.test(HTTPD_VERSION) } : { problem: compiled.problem };
}
