// Links and forms of the pages for people. A link carries the parameters of the request on, but for those that it sets
// itself; where it leads back to is kept in `from` and `psw`. As mod_jk does it, so that scrapers find what they know.

import { escapeQuoted } from '../markup.ts';
import { type Command, commandOf, OPTION, type StatusQuery, wholeNumber } from './query.ts';

/** What a link sets. Undefined: as in the request; '' takes the parameter out. */
export interface LinkChanges {
  readonly command?: Command;
  readonly worker?: string;
  readonly member?: string;
  readonly attribute?: string;
  /** Bits of `opt` to set and to clear. */
  readonly add?: number;
  readonly remove?: number;
}

export class Links {
  /** Ready to be written into a quoted attribute. */
  readonly path: string;
  readonly #query: StatusQuery;

  constructor(path: string, query: StatusQuery) {
    this.path = escapeQuoted(path);
    this.#query = query;
  }

  link(text: string, changes: LinkChanges): string {
    return `<a href="${this.target(changes)}">${text}</a>`;
  }

  /** `[Hide]` in brackets that are the caller's. */
  hide(option: keyof typeof OPTION): string {
    return this.link('Hide', { add: OPTION[option] });
  }

  target(changes: LinkChanges): string {
    const { parameters } = this.#query;
    const previous = commandOf(parameters.get('cmd')) ?? 'list';
    const isDone = previous === 'update' || previous === 'reset' || previous === 'recover';
    const returns = changes.command === undefined && isDone;
    const command = returns ? commandOf(parameters.get('from')) : changes.command;
    const pairs: [string, string][] = [];
    if (command !== undefined) pairs.push(['cmd', command]);
    const leaves = command === 'edit' || command === 'reset' || command === 'recover';
    if (leaves) pairs.push(['from', previous]);
    if (changes.worker) pairs.push(['w', changes.worker]);
    if (changes.member && command !== 'list') pairs.push(['sw', changes.member]);
    if (changes.attribute) pairs.push(['att', changes.attribute]);
    const restores = returns || (command === 'show' && previous === 'edit');
    let options = 0;
    for (const [name, value] of parameters) {
      if (name === 'opt') options = wholeNumber(value);
      else {
        const kept = this.#kept(name, changes, command, leaves, restores);
        if (kept !== undefined) pairs.push([kept, value]);
      }
    }
    const wanted = (options | (changes.add ?? 0)) & ~(changes.remove ?? 0);
    if ((options | (changes.add ?? 0) | (changes.remove ?? 0)) !== 0) pairs.push(['opt', String(wanted >>> 0)]);
    const query = pairs.map(([name, value]) => `${name}=${linkValue(value)}`).join('&amp;');
    return query === '' ? this.path : `${this.path}?${query}`;
  }

  /** The name under which a parameter of the request goes on; undefined when it does not. */
  #kept(
    name: string,
    { worker, member, attribute }: LinkChanges,
    command: Command | undefined,
    leaves: boolean,
    restores: boolean,
  ): string | undefined {
    switch (name) {
      case 'cmd':
        return command === undefined ? name : undefined;
      case 'from':
        return undefined;
      case 'w':
        return worker === undefined ? name : undefined;
      case 'sw':
        if (leaves) return 'psw';
        return member !== undefined || command === 'list' || restores ? undefined : name;
      case 'psw':
        return restores && command !== 'list' ? 'sw' : name;
      case 'att':
        return attribute === undefined && (command === 'update' || command === 'edit') ? name : undefined;
      default:
        return name.startsWith('v') && command !== 'update' ? undefined : linkName(name);
    }
  }

  /** The start of a form that repeats the request's parameters, all but `without`. @param command in place of cmd */
  form(command: Command | undefined, without?: string): string {
    const hidden = [...this.#query.parameters].filter(
      ([name]) => name !== without && (name !== 'cmd' || command === undefined),
    );
    const first = command === undefined ? '' : this.hidden('cmd', command);
    return `<form method="get" action="${this.path}">\n${first}${hidden.map(([name, value]) => this.hidden(name, value)).join('')}`;
  }

  hidden(name: string, value: string): string {
    return `<input type="hidden" name="${escapeQuoted(name)}" value="${escapeQuoted(value)}"/>\n`;
  }
}

/** Octets of a value that a link must not carry bare are escaped; names of workers have none of them. */
function linkValue(text: string): string {
  return text.replace(
    /[^A-Za-z0-9$\-_.!*(),:@/~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** Names come as they were sent, without decoding. */
function linkName(name: string): string {
  return name.replace(/[^A-Za-z0-9$\-_.!*(),:@/~%+]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}
