// The story of TLS, as data: certificates and protocols of a host, and how backends are trusted. What asks clients for
// certificates is not honoured and therefore refused. Source: documentation of mod_ssl.

import { textOf } from '../config/files.ts';
import type { DirectiveNode } from '../config/httpd/tree.ts';
import {
  choice,
  type DirectiveHandler,
  expectFile,
  fail,
  flag,
  path,
  restricts,
  takes,
  unheeded,
  warn,
} from './arguments.ts';
import type { Scope } from './draft.ts';

/** Directives of this story, by name in lower case. */
export const TLS_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  sslengine: (node, scope) => {
    const value = choice(node, scope, ['On', 'Off', 'Optional']);
    if (value === 'Optional') unheeded(node, scope, 'Optional is not honoured; the host speaks no TLS');
    if (value !== undefined) scope.host.tls.isEnabled = value === 'On';
  },
  sslcertificatefile: (node, scope) =>
    file(node, scope, (name) => {
      scope.host.tls.certificateFiles = [...(scope.host.tls.certificateFiles ?? []), name];
    }),
  sslcertificatekeyfile: (node, scope) =>
    file(node, scope, (name) => {
      scope.host.tls.keyFiles = [...(scope.host.tls.keyFiles ?? []), name];
    }),
  sslcertificatechainfile: (node, scope) =>
    file(node, scope, (name) => {
      scope.host.tls.chainFile = name;
    }),
  sslprotocol: (node, scope) => {
    const protocols = readProtocols(node, scope);
    if (protocols !== undefined) scope.host.tls.protocols = protocols;
  },
  sslciphersuite: (node, scope) => {
    const suites = readCipherSuites(node, scope);
    if (suites !== undefined) scope.host.tls.cipherSuites = suites;
  },
  sslhonorcipherorder: (node, scope) => {
    const on = flag(node, scope);
    if (on !== undefined) scope.host.tls.honorCipherOrder = on;
  },
  ssloptions: (node, scope) => {
    const names = node.words.filter((word) => !word.startsWith('-')).map((word) => word.replace(/^\+/, ''));
    scope.host.tls.options = [...new Set([...(scope.host.tls.options ?? []), ...names])];
  },
  sslverifyclient: (node, scope) => {
    const value = choice(node, scope, ['none', 'optional', 'require', 'optional_no_ca']);
    if (value === 'require') restricts(node, scope, 'clients are not asked for certificates');
    else if (value !== undefined && value !== 'none')
      warn(node, scope, 'clients are not asked for certificates', 'not-honoured');
  },

  sslproxyengine: (node, scope) => {
    const on = flag(node, scope);
    if (on !== undefined) scope.host.upstreamTls.isEnabled = on;
    if (on === true) tellUpstream(node, scope);
  },
  sslproxyverify: (node, scope) => {
    const value = choice(node, scope, ['none', 'optional', 'require', 'optional_no_ca']);
    if (value !== undefined) scope.host.upstreamTls.verify = value === 'optional_no_ca' ? 'optional-no-ca' : value;
    if (value !== undefined && value !== 'none') tellUpstream(node, scope);
  },
  sslproxycheckpeername: (node, scope) =>
    upstreamFlag(node, scope, (on) => {
      scope.host.upstreamTls.checkPeerName = on;
    }),
  // Superseded by SSLProxyCheckPeerName, which looks at the common name too.
  sslproxycheckpeercn: (node, scope) => upstreamFlag(node, scope, () => {}),
  sslproxycheckpeerexpire: (node, scope) =>
    upstreamFlag(node, scope, (on) => {
      scope.host.upstreamTls.checkPeerExpire = on;
    }),
  sslproxycacertificatefile: (node, scope) => {
    tellUpstream(node, scope);
    file(node, scope, (name) => {
      scope.host.upstreamTls.caFile = name;
    });
  },
  sslproxycacertificatepath: (node, scope) => {
    if (!takes(node, scope, 1, 1)) return;
    tellUpstream(node, scope);
    scope.host.upstreamTls.caPath = path(node, scope, node.words[0]);
    expectFile(node, scope, scope.host.upstreamTls.caPath, 'directory');
  },
  sslproxymachinecertificatefile: (node, scope) => {
    tellUpstream(node, scope);
    file(node, scope, (name) => {
      scope.host.upstreamTls.certificateFile = name;
    });
  },
  sslproxyprotocol: (node, scope) => {
    const protocols = readProtocols(node, scope);
    if (protocols === undefined) return;
    tellUpstream(node, scope);
    scope.host.upstreamTls.protocols = protocols;
  },
  sslproxyciphersuite: (node, scope) => {
    const suites = readCipherSuites(node, scope);
    if (suites === undefined) return;
    tellUpstream(node, scope);
    scope.host.upstreamTls.cipherSuites = suites;
  },
};

/** On is what httpd does anyway; nobody misses that toward backends that are not spoken to. */
function upstreamFlag(node: DirectiveNode, scope: Scope, use: (on: boolean) => void): void {
  const on = flag(node, scope);
  if (on !== undefined) use(on);
  if (on === false) tellUpstream(node, scope);
}

function tellUpstream(node: DirectiveNode, scope: Scope): void {
  unheeded(node, scope, 'TLS toward backends is not spoken yet: https:// targets are answered 502');
}

function file(node: DirectiveNode, scope: Scope, use: (name: string) => void): void {
  if (!takes(node, scope, 1, 1)) return;
  const name = path(node, scope, node.words[0]);
  expectFile(node, scope, name, 'file');
  use(name);
}

/** The protocols that are offered when nothing is said, and that `all` means; older ones are not spoken. */
export const TLS_PROTOCOLS: readonly string[] = ['TLSv1.2', 'TLSv1.3'];

/** `all -SSLv3 +TLSv1.3` and the like. */
function readProtocols(node: DirectiveNode, scope: Scope): readonly string[] | undefined {
  let chosen = new Set<string>();
  for (const word of node.words) {
    const name = word.replace(/^[+-]/, '').toLowerCase();
    const names = name === 'all' ? TLS_PROTOCOLS : TLS_PROTOCOLS.filter((protocol) => protocol.toLowerCase() === name);
    if (names.length === 0 && !/^(sslv2|sslv3|tlsv1|tlsv1\.1)$/.test(name)) {
      fail(node, scope, `"${textOf(word)}" is no protocol; use all, TLSv1.2 or TLSv1.3`);
      return undefined;
    }
    if (names.length === 0 && !word.startsWith('-'))
      warn(node, scope, `${textOf(word)} is too old to be spoken`, 'not-honoured');
    if (word.startsWith('-')) chosen = new Set([...chosen].filter((protocol) => !names.includes(protocol)));
    else chosen = new Set([...chosen, ...names]);
  }
  if (chosen.size > 0) return [...chosen];
  return fail(node, scope, 'leaves no protocol that is spoken here; use TLSv1.2 or TLSv1.3');
}

/** `[SSL|TLSv1.3] suites`. */
function readCipherSuites(node: DirectiveNode, scope: Scope): string | undefined {
  if (!takes(node, scope, 1, 2)) return undefined;
  if (node.words.length === 2 && /^tlsv1\.3$/i.test(node.words[0])) {
    warn(node, scope, 'the suites of TLS 1.3 stay as they are', 'not-honoured');
    return undefined;
  }
  return node.words.at(-1);
}
