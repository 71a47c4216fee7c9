// The story of what is served from here: handlers, error documents, directory pages, options, media types, body limits.
// Source: documentation of core, mod_dir and mod_mime.

import { posix } from 'node:path';
import { textOf } from '../config/files.ts';
import type { DirectiveNode } from '../config/httpd/tree.ts';
import { restricts } from './access-rules.ts';
import {
  choice,
  type DirectiveHandler,
  expectFile,
  fail,
  flag,
  integer,
  onOff,
  path,
  takes,
  warn,
} from './arguments.ts';
import type { Scope } from './draft.ts';
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
  allowoverride: allowOverride,
  limitrequestbody: (node, scope) => {
    const bytes = integer(node, scope, 0, Number.MAX_SAFE_INTEGER);
    if (bytes !== undefined) scope.settings.limitRequestBodyBytes = bytes;
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
  fileetag: (node, scope) => {
    scope.settings.etag = node.words;
  },
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

/** Handlers that are served here. */
const HANDLERS: ReadonlySet<string> = new Set([
  'none',
  'default-handler',
  'balancer-manager',
  'server-status',
  'jk-status',
]);

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
  if (!HANDLERS.has(handler))
    warn(
      node,
      scope,
      `nobody here serves "${textOf(node.words[0])}"; such requests are answered 500`,
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
  let document: ErrorDocument;
  if (what.toLowerCase() === 'default') document = { kind: 'default' };
  else if (what.startsWith('/')) document = { kind: 'path', path: what };
  else if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(what)) document = { kind: 'url', url: what };
  else document = { kind: 'text', text: what.startsWith('"') ? what.slice(1) : what };
  scope.settings.errorDocuments = new Map([...(scope.settings.errorDocuments ?? []), [status, document]]);
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

/** Files in directories (.htaccess) are not read; where one stands, what it forbids would be open. */
function allowOverride(node: DirectiveNode, scope: Scope): void {
  const wrong = node.words.find(
    (word) => !/^(none|all|authconfig|fileinfo|indexes|limit|options(=.*)?|nonfatal=\w+)$/i.test(word),
  );
  if (wrong !== undefined) fail(node, scope, `"${textOf(wrong)}" is no class of directives`);
  if (wrong !== undefined || node.words.every((word) => word.toLowerCase() === 'none')) return;
  const matcher = scope.section?.matcher;
  const file = matcher?.kind === 'path' ? posix.join(matcher.path, '.htaccess') : undefined;
  if (file !== undefined && scope.site.files.kind(file) === 'file') restricts(node, scope, `${file} is not read`);
  else warn(node, scope, '.htaccess files are not read; move what they say into the configuration', 'not-honoured');
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
  const before = scope.settings.mime ?? NO_MIME;
  const entries = extensions.map((extension): [string, string] => [extensionOf(extension), value.toLowerCase()]);
  scope.settings.mime = { ...before, [kind]: new Map([...before[kind], ...entries]) };
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
