// The story of what is served from here: handlers, error documents, directory pages, options, media types, body limits.
// Source: documentation of core, mod_dir and mod_mime.

import { posix } from 'node:path';
import { textOf } from '../config/files.ts';
import type { DirectiveNode } from '../config/httpd/tree.ts';
import {
  choice,
  type DirectiveHandler,
  expectFile,
  fail,
  flag,
  integer,
  onOff,
  path,
  restricts,
  takes,
  unheeded,
  warn,
} from './arguments.ts';
import type { Scope } from './draft.ts';
import { readTextExpression } from './expressions.ts';
import type { ErrorDocument, MimeSettings, OptionName } from './model.ts';

/** Directives of this story, by name in lower case. */
export const PAGE_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  sethandler: setHandler,
  forcetype: (node, scope) => {
    if (takes(node, scope, 1, 1)) scope.settings.forceType = node.words[0];
  },
  errordocument: errorDocument,
  directoryindex: (node, scope) => {
    const words = node.words.filter((word) => word.toLowerCase() !== 'disabled');
    scope.settings.directoryIndex =
      words.length < node.words.length ? words : [...(scope.settings.directoryIndex ?? []), ...words];
  },
  directoryslash: (node, scope) => {
    const on = flag(node, scope);
    if (on !== undefined) scope.settings.directorySlash = on;
  },
  fallbackresource: (node, scope) => {
    if (takes(node, scope, 1, 1)) scope.settings.fallbackResource = node.words[0];
  },
  options,
  allowoverride: (node, scope) => {
    const wrong = node.words.find(
      (word) => !/^(none|all|authconfig|fileinfo|indexes|limit|options(=.*)?|nonfatal=\w+)$/i.test(word),
    );
    if (wrong === undefined) allowOverride(node, scope);
    else fail(node, scope, `"${textOf(wrong)}" is no class of directives`);
  },
  allowoverridelist: allowOverride,
  limitrequestbody: (node, scope) => {
    const bytes = integer(node, scope, 0, Number.MAX_SAFE_INTEGER);
    if (bytes !== undefined) scope.settings.limitRequestBodyBytes = bytes;
    if (bytes !== undefined && bytes > 0)
      unheeded(
        node,
        scope,
        'only bodies of a told length that go to workers of mod_jk are limited, nor does httpd limit those that mod_proxy takes; set a limit at the backend',
      );
  },
  serversignature: (node, scope) => {
    const value = choice(node, scope, ['Off', 'On', 'EMail']);
    if (value !== undefined)
      scope.settings.serverSignature = value === 'EMail' ? 'email' : value === 'On' ? 'on' : 'off';
  },
  adddefaultcharset: (node, scope) => {
    if (!takes(node, scope, 1, 1)) return;
    const on = onOff(node.words[0]);
    scope.settings.defaultCharset = on === undefined ? node.words[0] : on ? 'iso-8859-1' : '';
  },
  fileetag: fileEtag,
  typesconfig: (node, scope) => {
    if (!takes(node, scope, 1, 1)) return;
    const file = path(node, scope, node.words[0]);
    expectFile(node, scope, file, 'file');
    scope.host.choices.typesConfig = file;
  },
  addtype: (node, scope) =>
    mime(node, scope, /^application\/x-httpd-/i.test(node.words[0] ?? '') ? 'handlers' : 'types'),
  addencoding: (node, scope) => mime(node, scope, 'encodings'),
  addcharset: (node, scope) => mime(node, scope, 'charsets'),
  addlanguage: (node, scope) => mime(node, scope, 'languages'),
  addhandler: (node, scope) => mime(node, scope, 'handlers'),
  removetype: (node, scope) => unmime(node, scope, 'types'),
  removeencoding: (node, scope) => unmime(node, scope, 'encodings'),
  removecharset: (node, scope) => unmime(node, scope, 'charsets'),
  removelanguage: (node, scope) => unmime(node, scope, 'languages'),
  removehandler: (node, scope) => unmime(node, scope, 'handlers'),
};

/** Handlers that send the file. */
const FILE_HANDLERS: ReadonlySet<string> = new Set(['none', 'default-handler']);
/** Managers: the frontend keeps them closed until they have pages, and tells so at every request. */
const MANAGERS: ReadonlySet<string> = new Set(['balancer-manager', 'server-status', 'jk-status', 'heartbeat']);
/** The frontend keeps these closed too, and nobody means to serve them. */
const CLOSED_HANDLERS: ReadonlySet<string> = new Set(['server-info']);
/** Of mod_jk. */
const JK_HANDLER = 'jakarta-servlet';
/** Handlers given to extensions under which the file goes out as it is, although they ask for more. */
const RAW_HANDLERS: ReadonlySet<string> = new Set(['type-map', 'send-as-is']);

const OPTION_NAMES: readonly OptionName[] = [
  'Indexes',
  'FollowSymLinks',
  'SymLinksIfOwnerMatch',
  'ExecCGI',
  'Includes',
  'IncludesNOEXEC',
  'MultiViews',
];

function setHandler(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 1)) return;
  const handler = node.words[0].toLowerCase();
  if (
    !FILE_HANDLERS.has(handler) &&
    !MANAGERS.has(handler) &&
    !(handler === JK_HANDLER && scope.site.modules.has('jk'))
  )
    warn(
      node,
      scope,
      `nobody here serves "${textOf(node.words[0])}"; such requests are answered ${CLOSED_HANDLERS.has(handler) ? 501 : 500}`,
      'handler-not-served',
    );
  scope.settings.handler = handler;
}

/** `ErrorDocument status "text"|/path|URL|default`. */
function errorDocument(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 2, 2)) return;
  const [code, what] = node.words;
  const status = Number(code);
  if (!/^\d{3}$/.test(code) || status < 100 || status > 599) {
    fail(node, scope, `"${textOf(code)}" is no status`);
    return;
  }
  const document = readDocument(node, scope, what);
  if (document === undefined) return;
  scope.settings.errorDocuments = new Map([...(scope.settings.errorDocuments ?? []), [status, document]]);
}

function readDocument(node: DirectiveNode, scope: Scope, what: string): ErrorDocument | undefined {
  if (what.toLowerCase() === 'default') return { kind: 'default' };
  const kind = what.startsWith('/') ? 'path' : /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(what) ? 'url' : 'text';
  const text = readTextExpression(node, scope, kind === 'text' ? what.replace(/^"/, '') : what);
  return text === undefined ? undefined : { kind, text };
}

/** `Options [+|-]name …`. */
function options(node: DirectiveNode, scope: Scope): void {
  const add: OptionName[] = [];
  const remove: OptionName[] = [];
  const signed = node.words.filter((word) => /^[+-]/.test(word)).length;
  if (signed !== 0 && signed !== node.words.length) {
    fail(node, scope, 'either every option begins with + or -, or none does');
    return;
  }
  tellOptions(node, scope);
  for (const word of node.words) {
    const name = word.replace(/^[+-]/, '').toLowerCase();
    const list = word.startsWith('-') ? remove : add;
    const known = OPTION_NAMES.find((option) => option.toLowerCase() === name);
    if (known !== undefined) list.push(known);
    else if (name === 'all') list.push(...OPTION_NAMES.filter((option) => option !== 'MultiViews'));
    else if (name !== 'none') fail(node, scope, `"${textOf(word)}" is no option`);
  }
  const before = scope.settings.options;
  scope.settings.options =
    signed === 0 || before === undefined
      ? { isAbsolute: signed === 0, add, remove }
      : {
          isAbsolute: before.isAbsolute,
          add: [...before.add.filter((name) => !remove.includes(name)), ...add],
          remove: [...before.remove.filter((name) => !add.includes(name)), ...remove],
        };
}

/** Pages that httpd's modules would make; without the module httpd does not make them either. */
function tellOptions(node: DirectiveNode, scope: Scope): void {
  const asked = new Set(node.words.map((word) => word.replace(/^\+/, '').toLowerCase()));
  const { modules } = scope.site;
  if ((asked.has('indexes') || asked.has('all')) && modules.has('autoindex'))
    unheeded(node, scope, 'Indexes is not honoured: folders are not listed, one without an index is answered 403');
  if (asked.has('multiviews') && modules.has('negotiation'))
    unheeded(node, scope, 'MultiViews is not honoured: a path must name its file with all extensions');
}

const ETAG_PARTS: readonly string[] = ['INode', 'MTime', 'Size'];
const ETAG_DEFAULT: readonly string[] = ['MTime', 'Size'];

/** `FileETag part …`: parts with a sign change what held before. */
function fileEtag(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, Infinity)) return;
  const before = scope.settings.etag ?? scope.host.defaults.etag ?? scope.site.main.defaults.etag ?? ETAG_DEFAULT;
  let parts: readonly string[] = node.words.every((word) => /^[+-]/.test(word)) ? before : [];
  for (const word of node.words) {
    const name = word.replace(/^[+-]/, '').toLowerCase();
    const named = name === 'all' ? ETAG_PARTS : ETAG_PARTS.filter((part) => part.toLowerCase() === name);
    if (name === 'digest')
      unheeded(node, scope, 'Digest is not honoured: an ETag is made of inode, size and time only');
    else if (named.length === 0 && name !== 'none') {
      fail(node, scope, `"${textOf(word)}" is no part of an ETag; use ${ETAG_PARTS.join(', ')}, All or None`);
      return;
    }
    const others = parts.filter((part) => !named.includes(part));
    parts = name === 'none' ? [] : word.startsWith('-') ? others : [...others, ...named];
  }
  const isDigest = node.words.length === 1 && /digest$/i.test(node.words[0]);
  scope.settings.etag = isDigest ? before : parts;
}

/** Files in directories (.htaccess) are not read; where one stands, what it forbids would be open. */
function allowOverride(node: DirectiveNode, scope: Scope): void {
  if (node.words.every((word) => word.toLowerCase() === 'none')) return;
  const matcher = scope.section?.matcher;
  const file = matcher?.kind === 'path' ? posix.join(matcher.path, '.htaccess') : undefined;
  if (file !== undefined && scope.site.files.kind(file) === 'file') restricts(node, scope, `${file} is not read`);
  else unheeded(node, scope, '.htaccess files are not read; move what they say into the configuration');
}

// --- media types ----------------------------------------------------------------------------------------------------

const NO_MIME: MimeSettings = {
  types: new Map(),
  encodings: new Map(),
  charsets: new Map(),
  languages: new Map(),
  handlers: new Map(),
};

/** `Add… value .ext …`. */
function mime(node: DirectiveNode, scope: Scope, kind: keyof MimeSettings): void {
  if (!takes(node, scope, 2, Infinity)) return;
  const [value, ...extensions] = node.words;
  if (kind === 'handlers') tellHandler(node, scope, value.toLowerCase());
  const before = scope.settings.mime ?? NO_MIME;
  const entries = extensions.map((extension): [string, string] => [extensionOf(extension), value.toLowerCase()]);
  scope.settings.mime = { ...before, [kind]: new Map([...before[kind], ...entries]) };
}

function tellHandler(node: DirectiveNode, scope: Scope, handler: string): void {
  if (RAW_HANDLERS.has(handler))
    unheeded(node, scope, `${handler} is not honoured: such files are sent as they are, their first lines too`);
  else if (!FILE_HANDLERS.has(handler))
    warn(node, scope, `nobody here serves "${textOf(handler)}"; such files are answered 500`, 'handler-not-served');
}

/** `Remove… .ext …`: an empty value hides what is inherited. */
function unmime(node: DirectiveNode, scope: Scope, kind: keyof MimeSettings): void {
  const before = scope.settings.mime ?? NO_MIME;
  const entries = node.words.map((extension): [string, string] => [extensionOf(extension), '']);
  scope.settings.mime = { ...before, [kind]: new Map([...before[kind], ...entries]) };
}

function extensionOf(word: string): string {
  return word.replace(/^\./, '').toLowerCase();
}
