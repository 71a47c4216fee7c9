// The forms of cmd=edit: of an lb worker, of a member, of an ajp worker, and of one attribute of all members.

import type { LbMethod } from '../../balancer/lb-config.ts';
import { escapeQuoted } from '../markup.ts';
import { ATTRIBUTES, type Attribute, attributeNamed, NAME_MAX } from './attributes.ts';
import type { Links } from './links.ts';
import type { StatusQuery } from './query.ts';
import type { AjpView, JkStatusView, LbView, MemberView } from './view.ts';

/** Undefined for a worker that has no form. '' for an attribute that there is not. */
export function editForm(view: JkStatusView, query: StatusQuery, links: Links): string | undefined {
  const worker = view.workers.find(({ name }) => name === query.parameters.get('w'));
  const memberName = query.parameters.get('sw');
  switch (worker?.kind) {
    case 'ajp':
      return tomcatForm(worker, undefined, links);
    case 'lb': {
      const member = worker.members.find(({ name }) => name === memberName);
      if (member !== undefined) return tomcatForm(member, member, links);
      const attribute = query.parameters.get('att');
      return attribute === undefined ? lbForm(worker, links) : allMembersForm(worker, attribute, links);
    }
    default:
      return undefined;
  }
}

const METHODS: readonly (readonly [label: string, method: LbMethod])[] = [
  ['Requests', 'request'],
  ['Traffic', 'traffic'],
  ['Busyness', 'busyness'],
  ['Sessions', 'session'],
  ['Next', 'next'],
];
const ACTIVATIONS = ['active', 'disabled', 'stopped'] as const;

function lbForm(lb: LbView, links: Links): string {
  const text = (label: string, name: string, value: number) =>
    row(`${label}:`, `<input name="${name}" type="text" value="${value}"/>`);
  const box = (label: string, name: string, isSet: boolean) =>
    row(`${label}:`, `<input name="${name}" type="checkbox"${isSet ? CHECKED : ''}/>`);
  return (
    `<hr/><h3>Edit load balancer settings for ${escapeQuoted(lb.name)}</h3>\n${links.form('update')}<table>\n` +
    text('Retries', 'vlr', lb.retries) +
    text('Retry Interval', 'vlri', lb.retryIntervalMs) +
    text('Recover Wait Time', 'vlt', lb.recoverSeconds) +
    text('Error Escalation Time', 'vlee', lb.escalationSeconds) +
    text('Max Reply Timeouts', 'vlx', lb.maxReplyTimeouts) +
    box('Sticky Sessions', 'vls', lb.isSticky) +
    box('Force Sticky Sessions', 'vlf', lb.isForced) +
    row('LB Method:', '') +
    METHODS.map(([label, method], index) => choice(label, 'vlm', index, method === lb.method)).join('') +
    row('Locking:', '') +
    choice('Optimistic', 'vll', 0, lb.lock === 'optimistic') +
    choice('Pessimistic', 'vll', 1, lb.lock === 'pessimistic') +
    '</table>\n<br/><input type="submit" value="Update Balancer"/></form>\n'
  );
}

/** @param member the same with what members of an lb worker have beside; undefined for an ajp worker */
function tomcatForm(tomcat: MemberView | AjpView, member: MemberView | undefined, links: Links): string {
  const rows = (attributes: readonly Attribute[]) =>
    attributes.map((attribute) => inputRow(attribute, tomcat)).join('');
  const ofLb = ATTRIBUTES.filter(({ isOfLb }) => isOfLb);
  const left =
    member === undefined
      ? ''
      : '<table><tbody valign="baseline"><tr><th>Balancing related settings</th>\n' +
        '<th>&nbsp;&nbsp;</th><th>AJP settings</th>\n</tr>\n' +
        `<tr><td><table>\n${rows(ofLb)}</table>\n</td><td></td><td>\n`;
  return (
    `<hr/><h3>Edit worker settings for ${escapeQuoted(tomcat.name)}</h3>\n${links.form('update')}${left}` +
    `<table>\n${rows(ATTRIBUTES.filter(({ isOfLb }) => !isOfLb))}</table>\n` +
    `${member === undefined ? '' : '</td></tr></tbody></table>\n'}` +
    '<br/><input type="submit" value="Update Worker"/>\n</form>\n'
  );
}

function inputRow({ name, label, kind, field }: Attribute, tomcat: MemberView | AjpView): string {
  const now = (tomcat as Partial<MemberView>)[field];
  if (kind === 'activation')
    return (
      row(`${label}:`, '') + ACTIVATIONS.map((each, index) => choice(capital(each), name, index, each === now)).join('')
    );
  const limit = kind === 'text' ? ` maxlength="${NAME_MAX}"` : '';
  return row(`${label}:`, `<input name="${name}" type="text" value="${escapeQuoted(String(now))}"${limit}/>`);
}

function allMembersForm(lb: LbView, name: string, links: Links): string {
  const attribute = attributeNamed(name);
  if (attribute === undefined || !attribute.isForAll) return '';
  const rows = lb.members.map(
    (member, index) =>
      `<tr><td>${escapeQuoted(member.name)}</td><td>\n${memberInput(attribute, member, index)}</td></tr>`,
  );
  return (
    `<hr/><h3>Edit attribute '${attribute.label}' for all members of load balancer ${escapeQuoted(lb.name)}</h3>\n` +
    `${links.form('update')}<table><tr><th>Balanced Worker</th><th>${attribute.label}</th></tr>${rows.join('')}</table>\n` +
    '<br/><input type="submit" value="Update Balancer"/></form>\n'
  );
}

function memberInput({ kind, field }: Attribute, member: MemberView, index: number): string {
  const now = member[field];
  if (kind === 'activation')
    return `${ACTIVATIONS.map(
      (each, code) =>
        `${capital(each)}:&nbsp;<input name="val${index}" type="radio" value="${code}"${each === now ? CHECKED : ''}/>`,
    ).join('&nbsp;|&nbsp;\n')}\n`;
  const limit = kind === 'text' ? ` maxlength="${NAME_MAX}"` : '';
  return `<input name="val${index}" type="text" value="${escapeQuoted(String(now))}"${limit}/>\n`;
}

const CHECKED = ' checked="checked"';

function choice(label: string, name: string, value: number, isSet: boolean): string {
  return row(`&nbsp;&nbsp;${label}`, `<input name="${name}" type="radio" value="${value}"${isSet ? CHECKED : ''}/>`);
}

function row(label: string, input: string): string {
  return `<tr><td>${label}</td><td>${input}</td></tr>\n`;
}

function capital(word: string): string {
  return word[0].toUpperCase() + word.slice(1);
}
