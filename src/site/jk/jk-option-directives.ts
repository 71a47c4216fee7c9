// JkOptions, JkEnvVar, JkExtractSSL and the directives that name variables (Jk…Indicator). Part of `jk-directives.ts`.
// Source: mod_jk 1.2.48 observed.

import { textOf } from '../../config/files.ts';
import type { DirectiveNode } from '../../config/httpd/tree.ts';
import { type DirectiveHandler, fail, flag, takes } from '../arguments.ts';
import type { Scope } from '../draft.ts';
import type { JkSwitch } from './jk-draft.ts';
import type { JkIndicators, JkOptions } from './model-jk.ts';

/** Directives of this story, by name in lower case. */
export const JK_OPTION_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  jkoptions: options,
  jkenvvar: envVar,
  jkextractssl: (node, scope) => {
    scope.host.jk.extractsSsl = flag(node, scope);
  },
  jkworkerindicator: (node, scope) => {
    if (takes(node, scope, 1, 1)) scope.host.jk.workerIndicator = node.words[0];
  },
  jkhttpsindicator: indicator('https'),
  jksslprotocolindicator: indicator('sslProtocol'),
  jkcertsindicator: indicator('cert'),
  jkcipherindicator: indicator('cipher'),
  jksessionindicator: indicator('session'),
  jkkeysizeindicator: indicator('keySize'),
  jkcertchainprefix: indicator('certChainPrefix'),
  jkremoteaddrindicator: indicator('remoteAddr'),
  jkremoteportindicator: indicator('remotePort'),
  jkremotehostindicator: indicator('remoteHost'),
  jkremoteuserindicator: indicator('remoteUser'),
  jkauthtypeindicator: indicator('authType'),
  jklocalnameindicator: indicator('localName'),
  jklocaladdrindicator: indicator('localAddr'),
  jklocalportindicator: indicator('localPort'),
  jkignoreclindicator: indicator('ignoreCl'),
};

function indicator(field: keyof JkIndicators): DirectiveHandler {
  return (node, scope) => {
    if (takes(node, scope, 1, 1)) scope.host.jk.indicators[field] = node.words[0];
  };
}

/** Forms in which the URI goes on: one of them at a time. */
const FORMS: ReadonlyMap<string, JkOptions['forwardUri']> = new Map([
  ['forwarduriproxy', 'proxy'],
  ['forwarduricompat', 'compat'],
  ['forwarduricompatunparsed', 'compat-unparsed'],
  ['forwarduriescaped', 'escaped'],
]);

const SWITCHES: ReadonlyMap<string, JkSwitch> = new Map([
  ['forwarddirectories', 'forwardDirectories'],
  ['forwardlocaladdress', 'forwardLocalAddress'],
  ['forwardphysicaladdress', 'forwardPhysicalAddress'],
  ['flushpackets', 'flushPackets'],
  ['flushheader', 'flushHeader'],
  ['disablereuse', 'disableReuse'],
  ['forwardkeysize', 'forwardKeySize'],
  ['forwardsslcertchain', 'forwardCertChain'],
  ['rejectunsafeuri', 'rejectUnsafeUri'],
]);

/** Of old versions, without effect in 1.2.48. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'collapseslashesall',
  'collapseslashesnone',
  'collapseslashesunmount',
]);

/** Of these two the later of a host takes the place of the other. */
const ADDRESSES: readonly JkSwitch[] = ['forwardLocalAddress', 'forwardPhysicalAddress'];

function options(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, Infinity)) return;
  for (const word of node.words) {
    const isOff = word.startsWith('-');
    const name = (/^[+-]/.test(word) ? word.slice(1) : word).toLowerCase();
    const form = FORMS.get(name);
    const named = SWITCHES.get(name);
    if (isOff && name.startsWith('forwarduri')) {
      fail(node, scope, `"${textOf(word)}": this option is taken back by another ForwardURI…, not by a minus sign`);
    } else if (form !== undefined) scope.host.jk.forwardUri = form;
    else if (named !== undefined) change(scope, named, isOff);
    else if (!WITHOUT_EFFECT.has(name)) {
      fail(node, scope, `there is no option "${textOf(word)}"; take it out, or correct it`);
    }
  }
}

function change({ host: { jk } }: Scope, option: JkSwitch, isOff: boolean): void {
  if (ADDRESSES.includes(option)) for (const address of ADDRESSES) jk.added.delete(address);
  if (isOff) jk.removed.add(option);
  else jk.added.add(option);
}

/** `JkEnvVar name [default]`; a default without a letter is none. */
function envVar(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 2)) return;
  const [name, fallback] = node.words;
  scope.host.jk.envVars.set(name.toLowerCase(), { name, fallback: fallback === '' ? undefined : fallback });
}
