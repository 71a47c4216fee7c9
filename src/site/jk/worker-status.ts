// A status worker of workers.properties: how it looks, who may see it, what counts as good and bad (modjk.md §7).

import { shown } from '../../config/modjk/properties.ts';
import type { StateRating, StatusWorkerSettings } from './model-jk.ts';
import type { WorkerValues } from './worker-values.ts';

export function readStatusSettings(values: WorkerValues): StatusWorkerSettings {
  return Object.freeze({
    css: values.text('css'),
    prefix: values.text('prefix') ?? 'worker',
    ns: unlessDash(values.text('ns') ?? 'jk:'),
    xmlns: unlessDash(values.text('xmlns') ?? 'xmlns:jk="http://tomcat.apache.org"'),
    doctype: values.text('doctype'),
    isReadOnly: values.flag('read_only', false),
    users: values.list('user').map(({ text }) => text),
    ignoresUserCase: values.flag('user_case_insensitive', false),
    good: readRatings(values, 'good', ['a.o', 'a.i', 'a.b', 'a.r']),
    bad: readRatings(values, 'bad', ['s', 'e']),
  });
}

/** A value that begins with a dash stands for none. */
function unlessDash(text: string): string {
  return text.startsWith('-') ? '' : text;
}

function readRatings(values: WorkerValues, property: string, byDefault: readonly string[]): StateRating[] {
  const items = values.list(property);
  if (items.length === 0) return byDefault.map((text) => ratingOf(text) ?? ANY);
  return items.flatMap(({ text, place }) => {
    const rating = ratingOf(text);
    if (rating !== undefined) return [rating];
    const told = `"${shown(text)}" is no rating and is left out; write a, d or s (activation), o, i, b, r or e (state), or a pair such as a.o`;
    values.findings.warn(place, `worker.${shown(values.name)}.${property}`, 'bad-rating', told);
    return [];
  });
}

const ANY: StateRating = Object.freeze({ activation: undefined, state: undefined });

/** `a`, `a.o`, `e`: each part by its first letter. Two activations or two states never meet: no rating. */
function ratingOf(text: string): StateRating | undefined {
  const parts = text.replace(/^\.+/, '').split('.', 2);
  let { activation, state } = ANY;
  for (const part of parts) {
    const letter = part.charAt(0).toLowerCase();
    const [anActivation, aState] = [ACTIVATIONS.get(letter), STATES.get(letter)];
    if (anActivation !== undefined && activation === undefined) activation = anActivation;
    else if (aState !== undefined && state === undefined) state = aState;
    else return undefined;
  }
  return Object.freeze({ activation, state });
}

const ACTIVATIONS: ReadonlyMap<string, StateRating['activation']> = new Map([
  ['a', 'active'],
  ['d', 'disabled'],
  ['s', 'stopped'],
]);

const STATES: ReadonlyMap<string, StateRating['state']> = new Map([
  ['o', 'ok'],
  ['i', 'idle'],
  ['n', 'idle'],
  ['b', 'busy'],
  ['r', 'recovering'],
  ['e', 'error'],
]);
