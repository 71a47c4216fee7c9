// The story of TLS towards backends: SSLProxy…, of a host or of a `<Proxy>` section. Source: documentation of mod_ssl;
// httpd 2.4.71 asked.

import type { DirectiveNode } from '../../config/httpd/tree.ts';
import { type DirectiveHandler, fail, flag, integer } from '../arguments.ts';
import type { Scope } from '../draft.ts';
import type { UpstreamTlsSettings } from '../model.ts';
import { placedFile, placedSource, readCiphers, readProtocols } from './tls-arguments.ts';
import { readRevocationCheck, readVerifyMode } from './tls-settings.ts';

/** Directives of this story, by name in lower case. */
export const UPSTREAM_TLS_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  sslproxyengine: (node, scope) => set(node, scope, { isEnabled: flag(node, scope) }),
  sslproxyverify: (node, scope) => set(node, scope, { verify: readVerifyMode(node, scope) }),
  sslproxyverifydepth: (node, scope) => set(node, scope, { verifyDepth: integer(node, scope, 0, 100) }),
  sslproxycheckpeername: (node, scope) => set(node, scope, { checkPeerName: flag(node, scope) }),
  sslproxycheckpeercn: (node, scope) => set(node, scope, { checkPeerCn: flag(node, scope) }),
  sslproxycheckpeerexpire: (node, scope) => set(node, scope, { checkPeerExpire: flag(node, scope) }),
  sslproxycacertificatefile: (node, scope) => add(node, scope, 'authorities', 'file'),
  sslproxycacertificatepath: (node, scope) => add(node, scope, 'authorities', 'directory'),
  sslproxycarevocationfile: (node, scope) => add(node, scope, 'revocationLists', 'file'),
  sslproxycarevocationpath: (node, scope) => add(node, scope, 'revocationLists', 'directory'),
  sslproxycarevocationcheck: (node, scope) => set(node, scope, { checksRevocation: readRevocationCheck(node, scope) }),
  sslproxymachinecertificatefile: (node, scope) => set(node, scope, { certificate: placedFile(node, scope) }),
  sslproxymachinecertificatechainfile: (node, scope) => set(node, scope, { certificateChain: placedFile(node, scope) }),
  sslproxyprotocol: (node, scope) => set(node, scope, { protocols: readProtocols(node, scope) }),
  sslproxyciphersuite: (node, scope) => {
    const ciphers = readCiphers(node, scope);
    const before = scope.settings.upstreamTls?.ciphers;
    set(node, scope, {
      ciphers: ciphers === undefined ? undefined : { upTo12: undefined, for13: undefined, ...before, ...ciphers },
    });
  },
};

/** An undefined value was told already and changes nothing. */
function set(
  node: DirectiveNode,
  scope: Scope,
  change: { readonly [K in keyof UpstreamTlsSettings]: UpstreamTlsSettings[K] | undefined },
): void {
  const { section } = scope;
  if (section !== undefined && section.kind !== 'proxy') {
    fail(node, scope, `cannot stand in ${section.title}; move it into <Proxy> or out of every section`, 'not-here');
    return;
  }
  const known = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  scope.settings.upstreamTls = { ...scope.settings.upstreamTls, ...(known as UpstreamTlsSettings) };
}

function add(
  node: DirectiveNode,
  scope: Scope,
  key: 'authorities' | 'revocationLists',
  kind: 'file' | 'directory',
): void {
  const source = placedSource(node, scope, kind);
  if (source !== undefined) set(node, scope, { [key]: [...(scope.settings.upstreamTls?.[key] ?? []), source] });
}
