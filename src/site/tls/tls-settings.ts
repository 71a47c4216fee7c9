// The story of TLS towards clients: certificates, versions and ciphers of a host, what is asked of clients'
// certificates, and what requests learn of it. Source: documentation of mod_ssl; httpd 2.4.71 asked.

import { textOf } from '../../config/files.ts';
import type { DirectiveNode } from '../../config/httpd/tree.ts';
import {
  choice,
  type DirectiveHandler,
  expectFile,
  fail,
  flag,
  integer,
  note,
  path,
  restricts,
  takes,
  unheeded,
  warn,
} from '../arguments.ts';
import type { Scope } from '../draft.ts';
import type { SniPolicy, TlsOptionName, VerifyMode } from '../model.ts';
import { placedFile, placedSource, readCiphers, readProtocols } from './tls-arguments.ts';

/** Directives of this story, by name in lower case. */
export const TLS_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  sslengine: (node, scope) => {
    const value = choice(node, scope, ['On', 'Off', 'Optional']);
    if (value === 'Optional') unheeded(node, scope, 'Optional is not honoured; the host speaks no TLS');
    if (value !== undefined) scope.host.tls.isEnabled = value === 'On';
  },
  sslcertificatefile: (node, scope) => {
    const file = placedFile(node, scope);
    if (file !== undefined) scope.host.tls.certificates = [...(scope.host.tls.certificates ?? []), file];
  },
  sslcertificatekeyfile: (node, scope) => {
    const file = placedFile(node, scope);
    if (file !== undefined) scope.host.tls.keys = [...(scope.host.tls.keys ?? []), file];
  },
  sslcertificatechainfile: (node, scope) => {
    const file = placedFile(node, scope);
    if (file !== undefined) scope.host.tls.chain = file;
  },
  sslpassphrasedialog: passPhraseDialog,
  sslprotocol: (node, scope) => {
    const protocols = readProtocols(node, scope);
    if (protocols !== undefined) scope.host.tls.protocols = protocols;
  },
  sslciphersuite: (node, scope) => {
    if (onlyPerConnection(node, scope, 'ciphers are agreed on when a connection begins')) return;
    const ciphers = readCiphers(node, scope);
    if (ciphers !== undefined) scope.host.tls.ciphers = { ...scope.host.tls.ciphers, ...ciphers };
  },
  sslhonorcipherorder: (node, scope) => {
    const on = flag(node, scope);
    if (on !== undefined) scope.host.tls.honorCipherOrder = on;
  },
  sslsessiontickets: (node, scope) => {
    const on = flag(node, scope);
    if (on !== undefined) scope.host.tls.sessionTickets = on;
  },
  sslsessionticketkeyfile: (node, scope) => {
    const file = placedFile(node, scope);
    if (file !== undefined) scope.host.tls.ticketKey = file;
  },

  // Certificates of clients.
  sslverifyclient: verifyClient,
  sslverifydepth: (node, scope) => {
    if (onlyPerConnection(node, scope, 'certificates are looked at when a connection begins')) return;
    const depth = integer(node, scope, 0, 100);
    if (depth !== undefined) scope.host.tls.verifyDepth = depth;
  },
  sslcacertificatefile: (node, scope) => authorities(node, scope, 'file'),
  sslcacertificatepath: (node, scope) => authorities(node, scope, 'directory'),
  sslcarevocationfile: (node, scope) => revocations(node, scope, 'file'),
  sslcarevocationpath: (node, scope) => revocations(node, scope, 'directory'),
  sslcarevocationcheck: (node, scope) => {
    const checks = readRevocationCheck(node, scope);
    if (checks !== undefined) scope.host.tls.checksRevocation = checks;
  },
  sslocspenable: (node, scope) => {
    const value = choice(node, scope, ['off', 'on', 'leaf']);
    if (value !== undefined && value !== 'off')
      restricts(node, scope, 'nobody is asked whether a certificate is revoked');
  },

  // Hosts and names.
  sslstrictsnivhostcheck: (node, scope) => {
    const on = flag(node, scope);
    if (on !== undefined) scope.host.strictSni = on;
  },
  sslvhostsnipolicy: (node, scope) => {
    const policy = choice(node, scope, ['strict', 'secure', 'authonly', 'insecure'] as readonly SniPolicy[]);
    if (policy !== undefined) scope.site.server.sniPolicy = policy;
  },

  // What requests meet and learn.
  sslrequiressl: (node, scope) => {
    if (takes(node, scope, 0, 0)) scope.settings.requiresTls = true;
  },
  sslusername: (node, scope) => {
    if (takes(node, scope, 1, 1)) scope.settings.tlsUser = node.words[0];
  },
  ssloptions: options,
};

/** `builtin`, `|program` or `exec:program`. */
function passPhraseDialog(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 1)) return;
  const [first] = node.words;
  const match = /^exec:(.+)$/is.exec(first);
  if (match === null) {
    // Whether a key needs it is known when the keys are read: `tls-files.ts` refuses those then.
    if (first.startsWith('|')) unheeded(node, scope, 'a dialog over a pipe is not led; write exec: and a program');
    else if (!/^builtin$/i.test(first))
      fail(node, scope, `must be builtin or exec:/path/of/a/program, not "${textOf(first)}"`);
    return;
  }
  const program = path(node, scope, match[1]);
  expectFile(node, scope, program, 'file');
  scope.site.server.passPhraseProgram = { path: program, place: node.place };
}

const VERIFY_MODES: ReadonlyMap<string, VerifyMode> = new Map([
  ['none', 'none'],
  ['optional', 'optional'],
  ['require', 'require'],
  ['optional_no_ca', 'optional-no-ca'],
]);

export function readVerifyMode(node: DirectiveNode, scope: Scope): VerifyMode | undefined {
  const value = choice(node, scope, [...VERIFY_MODES.keys()]);
  return value === undefined ? undefined : VERIFY_MODES.get(value);
}

/** In a section it would ask in the middle of a connection: `tls-check.ts` tells whether the host asks already. */
function verifyClient(node: DirectiveNode, scope: Scope): void {
  const mode = readVerifyMode(node, scope);
  if (mode === undefined) return;
  if (scope.section === undefined) scope.host.tls.verifyClient = mode;
  else scope.host.verifyClaims.push({ mode, place: node.place, section: scope.section.title });
}

/** @returns true in a section, where it is refused */
function onlyPerConnection(node: DirectiveNode, scope: Scope, why: string): boolean {
  if (scope.section === undefined) return false;
  restricts(node, scope, `${why}, before a path is known; move it out of ${scope.section.title}`);
  return true;
}

function authorities(node: DirectiveNode, scope: Scope, kind: 'file' | 'directory'): void {
  if (onlyPerConnection(node, scope, 'certificates are looked at when a connection begins')) return;
  const source = placedSource(node, scope, kind);
  if (source !== undefined) scope.host.tls.authorities = [...(scope.host.tls.authorities ?? []), source];
}

function revocations(node: DirectiveNode, scope: Scope, kind: 'file' | 'directory'): void {
  const source = placedSource(node, scope, kind);
  if (source !== undefined) scope.host.tls.revocationLists = [...(scope.host.tls.revocationLists ?? []), source];
}

/** `chain|leaf|none [no_crl_for_cert_ok]`. */
export function readRevocationCheck(node: DirectiveNode, scope: Scope): boolean | undefined {
  if (!takes(node, scope, 1, 2)) return undefined;
  const word = node.words[0].toLowerCase();
  if (word === 'none') return false;
  if (word !== 'chain' && word !== 'leaf')
    return fail(node, scope, `must be chain, leaf or none, not "${textOf(node.words[0])}"`);
  if (word === 'leaf') note(node, scope, 'every certificate of the chain is looked up, and needs a list of its issuer');
  if (node.words.length === 2) warn(node, scope, 'a certificate whose issuer has no list is refused', 'not-honoured');
  return true;
}

const OPTIONS: readonly TlsOptionName[] = ['StdEnvVars', 'ExportCertData'];
/** Options that change nothing here: access is always as strict, and nothing is renegotiated. */
const NEEDLESS: ReadonlySet<string> = new Set(['strictrequire', 'optrenegotiate', 'compatenvvars']);
const UNKNOWN_HERE: ReadonlyMap<string, string> = new Map([
  ['fakebasicauth', 'a certificate is no password: nobody is let in by it; SSLUserName names the user'],
  ['legacydnstringformat', 'names are written as RFC 4514 has it'],
]);

function options(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, Infinity)) return;
  const add: TlsOptionName[] = [];
  const remove: TlsOptionName[] = [];
  for (const word of node.words) {
    const name = word.replace(/^[+-]/, '').toLowerCase();
    const option = OPTIONS.find((known) => known.toLowerCase() === name);
    if (option !== undefined) (word.startsWith('-') ? remove : add).push(option);
    else if (UNKNOWN_HERE.has(name)) {
      if (!word.startsWith('-')) unheeded(node, scope, `${textOf(word)}: ${UNKNOWN_HERE.get(name)}`);
    } else if (!NEEDLESS.has(name)) {
      fail(node, scope, `"${textOf(word)}" is no option; use ${OPTIONS.join(' or ')}`);
      return;
    }
  }
  const isAbsolute = node.words.every((word) => !/^[+-]/.test(word));
  const before = isAbsolute ? undefined : scope.settings.tlsOptions;
  scope.settings.tlsOptions = {
    isAbsolute: isAbsolute || (before?.isAbsolute ?? false),
    add: [...(before?.add ?? []).filter((name) => !remove.includes(name)), ...add],
    remove: [...(before?.remove ?? []).filter((name) => !add.includes(name)), ...remove],
  };
}
