// What an update asks, as values that differ from those in force. Numbers out of range are passed over without a word, as
// in mod_jk; names that are too long, and hosts without an address, are told, and the rest is done all the same.

import type { Activation, LbMethod } from '../../balancer/lb-config.ts';
import { ATTRIBUTES, type Attribute, attributeNamed, NAME_MAX, type TomcatEdits } from './attributes.ts';
import { truth, wholeNumber } from './query.ts';
import type { AjpView, LbView, MemberView } from './view.ts';

type Parameters = ReadonlyMap<string, string>;

/** New values of an lb worker, in the units of the view. */
export type LbEdits = {
  -readonly [field in
    | 'retries'
    | 'retryIntervalMs'
    | 'recoverSeconds'
    | 'escalationSeconds'
    | 'maxReplyTimeouts'
    | 'isSticky'
    | 'isForced'
    | 'method'
    | 'lock']?: LbView[field];
};

const LB_NUMBERS = [
  ['vlr', 'retries', 1],
  ['vlri', 'retryIntervalMs', 1],
  ['vlt', 'recoverSeconds', 1],
  ['vlee', 'escalationSeconds', 1],
  ['vlx', 'maxReplyTimeouts', 0],
] as const;

export function readLbEdits(parameters: Parameters, lb: LbView): LbEdits {
  const edits: LbEdits = {};
  for (const [name, field, min] of LB_NUMBERS) {
    const text = parameters.get(name);
    const value = text === undefined ? lb[field] : wholeNumber(text);
    if (value !== lb[field] && value >= min) edits[field] = value;
  }
  const isSticky = truth(parameters.get('vls') ?? '', lb.isSticky);
  if (isSticky !== lb.isSticky) edits.isSticky = isSticky;
  const isForced = truth(parameters.get('vlf') ?? '', lb.isForced);
  if (isForced !== lb.isForced) edits.isForced = isForced;
  const method = parameters.get('vlm');
  if (method !== undefined && methodNamed(method) !== lb.method) edits.method = methodNamed(method);
  const lock = parameters.get('vll');
  if (lock !== undefined && lockNamed(lock) !== lb.lock) edits.lock = lockNamed(lock);
  return edits;
}

/** What is wanted of one member or ajp worker. */
export interface WantedEdits {
  readonly edits: TomcatEdits;
  /** Why a part was not done; the last reason, as in mod_jk. */
  readonly error: string | undefined;
}

/** @param isResolved whether a host has an address */
export function readTomcatEdits(
  parameters: Parameters,
  tomcat: MemberView | AjpView,
  isResolved: (host: string) => boolean,
): WantedEdits {
  const edits: TomcatEdits = {};
  let error: string | undefined;
  for (const attribute of ATTRIBUTES) {
    const text = parameters.get(attribute.name);
    if (text === undefined || (attribute.isOfLb && !isMember(tomcat))) continue;
    if (attribute.kind === 'text' && text.length > NAME_MAX) error = tooLong(attribute, text, tomcat.name);
    else read(attribute, text, tomcat, edits);
  }
  if ((edits.host !== undefined || edits.port !== undefined) && !isResolved(edits.host ?? tomcat.host)) {
    error = `Update failed (at least partially): could not resolve address '${edits.host ?? tomcat.host}:${edits.port ?? tomcat.port}' for sub worker '${tomcat.name}'.`;
    delete edits.host;
    delete edits.port;
  }
  return { edits, error };
}

/** `att` and `val0` …: one attribute of all members, by their order. What cannot be set is passed over. */
export function readAttributeEdits(parameters: Parameters, name: string, lb: LbView): TomcatEdits[] {
  const attribute = attributeNamed(name);
  return lb.members.map((member, index) => {
    const edits: TomcatEdits = {};
    const text = parameters.get(`val${index}`);
    const isTooLong = attribute?.kind === 'text' && (text?.length ?? 0) > NAME_MAX;
    if (attribute?.isForAll === true && text !== undefined && !isTooLong) read(attribute, text, member, edits);
    return edits;
  });
}

function isMember(tomcat: MemberView | AjpView): tomcat is MemberView {
  return !('kind' in tomcat);
}

function read(
  { field, kind, min, max, step }: Attribute,
  text: string,
  tomcat: MemberView | AjpView,
  edits: TomcatEdits,
) {
  const before = (tomcat as Partial<MemberView>)[field];
  if (kind === 'number') {
    const value = Math.ceil(wholeNumber(text) / step) * step;
    if (value !== before && value >= min && value <= max) Object.assign(edits, { [field]: value });
    return;
  }
  const value = kind === 'activation' ? activationNamed(text) : text;
  // A domain may have come with the route.
  if (value !== (edits[field] ?? before)) Object.assign(edits, { [field]: value });
  const dot = field === 'route' && edits.route !== undefined ? text.indexOf('.') : -1;
  if (dot >= 0 && isMember(tomcat) && tomcat.domain === '') edits.domain = text.slice(0, dot);
}

function tooLong({ field }: Attribute, text: string, member: string): string {
  const name = field === 'host' ? 'host name' : field;
  return `Update failed (at least partially): new ${name} '${text}' too long for sub worker '${member}', see log file for details.`;
}

/** The first letter or digit decides; what is none of them is the default. */
function activationNamed(text: string): Activation {
  if (/^[d1]/i.test(text)) return 'disabled';
  return /^[s2]/i.test(text) ? 'stopped' : 'active';
}

function methodNamed(text: string): LbMethod {
  if (/^[t1]/i.test(text)) return 'traffic';
  if (/^[b2]/i.test(text)) return 'busyness';
  if (/^[s3]/i.test(text)) return 'session';
  return /^[n4]/i.test(text) ? 'next' : 'request';
}

function lockNamed(text: string): LbView['lock'] {
  return /^[p1]/i.test(text) ? 'pessimistic' : 'optimistic';
}
