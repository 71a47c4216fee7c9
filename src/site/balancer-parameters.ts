// Parameters of a balancer: `key=value` on its ProxyPass, on ProxySet, on `<Proxy balancer://…>`. Keys in any letter
// case; units, ranges and refusals are httpd's (modproxy.md §3.2; recordings P-CFG-bal-*).

import { METHOD_NAMES } from '../balancer/config.ts';
import { onOff } from './arguments.ts';
import type { BalancerChoices, BalancerDraft } from './balancer-draft.ts';
import { leadingInteger, type Problem } from './worker-parameters.ts';

/** Longest stickysession text: httpd's buffer of 64. */
const MAX_STICKY = 64;
const MAX_NONCE = 36;

/** Sets one parameter. */
export function setBalancerParameter(balancer: BalancerDraft, key: string, value: string): Problem {
  const choices = balancer.choices;
  switch (key.toLowerCase()) {
    case 'lbmethod':
      return setMethod(choices, value);
    case 'stickysession':
      return setStickySession(choices, value);
    case 'stickysessionsep':
      return setSeparator(choices, value);
    case 'scolonpathdelim':
      return setFlag(key, value, (on) => {
        choices.semicolonEnds = on;
      });
    case 'nofailover':
      return setFlag(key, value, (on) => {
        choices.force = on;
      });
    case 'forcerecovery':
      return setFlag(key, value, (on) => {
        choices.forceRecovery = on;
      });
    case 'failontimeout':
      return setFlag(key, value, (on) => {
        choices.failOnTimeout = on;
      });
    case 'timeout': {
      const seconds = leadingInteger(value);
      if (seconds < 1) return `timeout must be a number of seconds from 1 on, not "${value}"`;
      choices.timeoutMs = seconds * 1000;
      return undefined;
    }
    case 'maxattempts': {
      const attempts = leadingInteger(value);
      if (attempts < 0) return `maxattempts must be a number from 0 on, not "${value}"`;
      choices.maxAttempts = attempts;
      return undefined;
    }
    case 'failonstatus':
      return setFailOnStatus(choices, value);
    case 'nonce':
      if (value.length > MAX_NONCE) return `nonce must have at most ${MAX_NONCE} characters`;
      choices.nonce = value.toLowerCase() === 'none' ? 'None' : value;
      return undefined;
    case 'growth': {
      const growth = leadingInteger(value);
      if (growth < 1 || growth > 100) return `growth must be a number from 1 to 100, not "${value}"`;
      choices.growth = growth;
      return undefined;
    }
    default:
      return `${key} is no parameter of a balancer; parameters of members stand on BalancerMember`;
  }
}

function setFlag(key: string, value: string, set: (on: boolean) => void): Problem {
  const on = onOff(value);
  if (on === undefined) return `${key.toLowerCase()} must be On or Off, not "${value}"`;
  set(on);
  return undefined;
}

function setMethod(choices: BalancerChoices, value: string): Problem {
  const method = METHOD_NAMES.find((name) => name === value);
  if (method !== undefined) choices.method = method;
  else return `lbmethod must be one of ${METHOD_NAMES.join(', ')}, not "${value}"`;
  return undefined;
}

/** `NAME` for cookie and URL alike, or `COOKIE|urlname`. */
function setStickySession(choices: BalancerChoices, value: string): Problem {
  if (value.length > MAX_STICKY) return `stickysession must have at most ${MAX_STICKY} characters`;
  const bar = value.indexOf('|');
  choices.cookieName = bar < 0 ? value : value.slice(0, bar);
  choices.pathName = bar < 0 ? value : value.slice(bar + 1);
  return undefined;
}

function setSeparator(choices: BalancerChoices, value: string): Problem {
  if (value.length === 1) choices.separator = { char: value };
  else if (value.toLowerCase() === 'off') choices.separator = { char: undefined };
  else return `stickysessionsep must be one character or Off, not "${value}"`;
  return undefined;
}

function setFailOnStatus(choices: BalancerChoices, value: string): Problem {
  const words = value.split(',').filter((text) => text.trim() !== '');
  const statuses = words.map((text) => (/^\s*\d+\s*$/.test(text) ? Number(text) : 0));
  if (statuses.length === 0 || statuses.some((status) => status < 100 || status > 599))
    return `failonstatus must be one or more statuses with commas between them, not "${value}"`;
  choices.failOnStatus = statuses;
  return undefined;
}
