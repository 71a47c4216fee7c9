// Arguments that directives of TLS share, towards clients and backends: files with their places, versions, ciphers.

import { textOf } from '../../config/files.ts';
import type { DirectiveNode } from '../../config/httpd/tree.ts';
import { cipherList, cipherProblem } from '../../link/tls-ciphers.ts';
import { TLS_VERSIONS } from '../../link/tls-versions.ts';
import { expectFile, fail, path, takes, warn } from '../arguments.ts';
import type { Scope } from '../draft.ts';
import type { CipherSuites, PlacedFile, PlacedSource, TlsVersionName } from '../model.ts';

export function placedFile(node: DirectiveNode, scope: Scope): PlacedFile | undefined {
  return placedSource(node, scope, 'file');
}

export function placedSource(node: DirectiveNode, scope: Scope, kind: 'file' | 'directory'): PlacedSource | undefined {
  if (!takes(node, scope, 1, 1)) return undefined;
  const name = path(node, scope, node.words[0]);
  expectFile(node, scope, name, kind);
  return { path: name, place: node.place, kind };
}

/** `all -SSLv3 +TLSv1.3` and the like. */
export function readProtocols(node: DirectiveNode, scope: Scope): readonly TlsVersionName[] | undefined {
  if (!takes(node, scope, 1, Infinity)) return undefined;
  let chosen = new Set<TlsVersionName>();
  for (const word of node.words) {
    const name = word.replace(/^[+-]/, '').toLowerCase();
    const names = name === 'all' ? TLS_VERSIONS : TLS_VERSIONS.filter((protocol) => protocol.toLowerCase() === name);
    if (names.length === 0 && !/^(sslv2|sslv3|tlsv1|tlsv1\.1)$/.test(name)) {
      fail(node, scope, `"${textOf(word)}" is no protocol; use all, TLSv1.2 or TLSv1.3`);
      return undefined;
    }
    if (names.length === 0 && !word.startsWith('-'))
      warn(node, scope, `${textOf(word)} is too old to be spoken`, 'not-honoured');
    if (word.startsWith('-')) chosen = new Set([...chosen].filter((protocol) => !names.includes(protocol)));
    else if (word.startsWith('+')) chosen = new Set([...chosen, ...names]);
    else {
      // As in httpd: a name without a sign begins anew.
      if (chosen.size > 0)
        warn(node, scope, `${textOf(word)} takes the place of what stands before it; write +${textOf(word)}`);
      chosen = new Set(names);
    }
  }
  if (chosen.size > 0) return [...chosen];
  return fail(node, scope, 'leaves no protocol that is spoken here; use TLSv1.2 or TLSv1.3');
}

/** `[SSL|TLSv1.3] suites`. */
export function readCiphers(node: DirectiveNode, scope: Scope): Partial<CipherSuites> | undefined {
  if (!takes(node, scope, 1, 2)) return undefined;
  const suites = textOf(node.words.at(-1) ?? '');
  const family = node.words.length === 2 ? node.words[0].toLowerCase() : 'ssl';
  if (family !== 'ssl' && family !== 'tlsv1.3')
    return fail(node, scope, `must begin with SSL or TLSv1.3, not "${textOf(node.words[0])}"`);
  const ciphers = family === 'ssl' ? { upTo12: suites } : { for13: suites };
  const problem = cipherProblem(cipherList({ upTo12: undefined, for13: undefined, ...ciphers }));
  if (problem === undefined) return ciphers;
  return fail(node, scope, `"${suites}" leaves no cipher (${problem}); HIGH:!aNULL is usual`);
}
