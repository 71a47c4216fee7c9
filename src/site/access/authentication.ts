// The story of authentication: AuthType, AuthName, the files of Basic authentication. What would ask users in a way that
// is not here is an error: nothing is opened by not understanding it.
// Source: documentation of mod_authn_core, mod_auth_basic, mod_authn_file, mod_authz_groupfile; defaults are httpd's.

import { textOf } from '../../config/files.ts';
import type { DirectiveNode } from '../../config/httpd/tree.ts';
import { parseGroupFile, parsePasswordFile } from '../../credentials/password-file.ts';
import { type DirectiveHandler, flag, path, restricts, takes, warn } from '../arguments.ts';
import type { Scope } from '../draft.ts';
import { readTextExpression } from '../expressions.ts';
import type { Authentication } from '../model.ts';

/** What AuthBasicFake says when it names no password, as mod_ssl does. */
const FAKE_PASSWORD = 'password';

/** Directives of this story, by name in lower case. */
export const AUTHENTICATION_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  authtype: (node, scope) => {
    if (!takes(node, scope, 1, 1)) return;
    const type = node.words[0].toLowerCase();
    if (type === 'basic' || type === 'none') update(scope, { type, place: node.place });
    else restricts(node, scope, `users are asked by Basic authentication only, not by "${textOf(node.words[0])}"`);
  },
  authname: (node, scope) => {
    const realm = takes(node, scope, 1, 1) ? readTextExpression(node, scope, node.words[0]) : undefined;
    if (realm !== undefined) update(scope, { realm });
  },
  authuserfile: (node, scope) => {
    if (!takes(node, scope, 1, 1)) return;
    const userFile = path(node, scope, node.words[0]);
    update(scope, { userFile });
    checkUserFile(node, scope, userFile);
  },
  authgroupfile: (node, scope) => {
    if (!takes(node, scope, 1, 1)) return;
    const groupFile = path(node, scope, node.words[0]);
    update(scope, { groupFile });
    checkGroupFile(node, scope, groupFile);
  },
  authbasicprovider: (node, scope) => {
    if (!takes(node, scope, 1, Infinity)) return;
    const other = node.words.find((word) => word.toLowerCase() !== 'file');
    if (other !== undefined)
      restricts(node, scope, `passwords are looked up in files only (AuthUserFile), not by "${textOf(other)}"`);
  },
  authbasicauthoritative: (node, scope) => {
    const isAuthoritative = flag(node, scope);
    if (isAuthoritative !== undefined) update(scope, { isAuthoritative });
  },
  authbasicusedigestalgorithm: (node, scope) => {
    if (!takes(node, scope, 1, 1) || node.words[0].toLowerCase() === 'off') return;
    restricts(node, scope, 'passwords are compared with those that htpasswd writes, not with digests');
  },
  authbasicfake: (node, scope) => {
    if (!takes(node, scope, 1, 2)) return;
    const [name, secret = FAKE_PASSWORD] = node.words;
    if (name.toLowerCase() === 'off') {
      update(scope, { fake: 'off' });
      return;
    }
    const user = readTextExpression(node, scope, name);
    const password = readTextExpression(node, scope, secret);
    if (user !== undefined && password !== undefined) update(scope, { fake: { user, password } });
  },
  authzsendforbiddenonfailure: (node, scope) => {
    const forbiddenOnFailure = flag(node, scope);
    if (forbiddenOnFailure !== undefined) scope.settings.access = { ...scope.settings.access, forbiddenOnFailure };
  },
};

function update(scope: Scope, change: Partial<Authentication>): void {
  const { access } = scope.settings;
  scope.settings.access = { ...access, authentication: { ...access?.authentication, ...change } };
}

// --- the files ------------------------------------------------------------------------------------------------------

/** They are read again while serving; what is wrong now is told now. */
function checkUserFile(node: DirectiveNode, scope: Scope, file: string): void {
  const octets = contentOf(node, scope, file, 'nobody can log in, requests are answered 500 (as httpd does)');
  if (octets === undefined) return;
  for (const [user, { line, problem }] of parsePasswordFile(octets).users)
    if (problem !== undefined)
      scope.site.findings.warn(
        { file, line },
        'AuthUserFile',
        'password-not-taken',
        `${textOf(user)} cannot log in: ${problem}; write the password anew with htpasswd -B`,
      );
}

function checkGroupFile(node: DirectiveNode, scope: Scope, file: string): void {
  const octets = contentOf(node, scope, file, 'nobody is in any group');
  if (octets !== undefined && parseGroupFile(octets).size === 0)
    warn(node, scope, `${file} names nobody, so nobody is in any group`, 'nobody-named');
}

function contentOf(node: DirectiveNode, scope: Scope, file: string, meaning: string): string | undefined {
  try {
    return Buffer.from(scope.site.files.read(file)).toString('latin1');
  } catch {
    warn(node, scope, `${file} cannot be read: until it can, ${meaning}`, 'file-missing');
    return undefined;
  }
}
