// TLS towards backends at run time: the SSLProxy… settings in force for a request as a client of TLS, made once for each
// set of settings. Files are read when the site is built, for requests only what was read then counts.

import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { FileReader } from '../../config/files.ts';
import type { SecureDial } from '../../link/dial.ts';
import { TlsClient } from '../../link/tls-client.ts';
import { TLS_VERSIONS } from '../../link/tls-versions.ts';
import type { DirectorySettings, UpstreamTlsSettings } from '../../site/model.ts';
import { readPairs, readSources } from '../../site/tls/tls-files.ts';
import { type TlsStore, tlsFailure } from '../tls/tls-store.ts';

/** Depth of a chain when SSLProxyVerifyDepth says nothing. */
const VERIFY_DEPTH = 1;

export class UpstreamTls {
  readonly #store: TlsStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #clients = new WeakMap<UpstreamTlsSettings, TlsClient>();
  /** The same settings merged again for another path share a client. */
  readonly #bySettings = new Map<string, TlsClient>();

  /** Reads the files of all these settings. @throws Failure with the line of one that cannot be used */
  constructor(all: Iterable<DirectorySettings>, store: TlsStore, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    for (const { upstreamTls } of all) {
      if (upstreamTls === undefined) continue;
      try {
        readAll(upstreamTls, store.files);
      } catch (error) {
        throw tlsFailure(error, 'SSLProxyMachineCertificateFile');
      }
    }
  }

  /** How a backend is dialled. @param name what it is called; undefined when TLS is off: then it is not dialled at all */
  secure(settings: UpstreamTlsSettings | undefined, name: string): SecureDial | undefined {
    return settings?.isEnabled === true ? { client: this.#clientFor(settings), name } : undefined;
  }

  #clientFor(settings: UpstreamTlsSettings): TlsClient {
    let client = this.#clients.get(settings);
    if (client !== undefined) return client;
    // Wherever they are written.
    const key = JSON.stringify(settings, (name, value) => (name === 'place' ? undefined : value));
    client = this.#bySettings.get(key) ?? this.#compile(settings);
    ofClients.set(client, numberOf(key));
    this.#bySettings.set(key, client); // as many as there are sets of sections
    this.#clients.set(settings, client);
    return client;
  }

  #compile(settings: UpstreamTlsSettings): TlsClient {
    const { verify = 'none' } = settings;
    try {
      const { identity, authorities, revocationLists } = readAll(settings, this.#store.held);
      if (verify !== 'none' && authorities.length === 0)
        this.#log.warn('tls-no-authorities', { directive: 'SSLProxyCACertificateFile', verify });
      return new TlsClient(
        {
          versions: settings.protocols ?? TLS_VERSIONS,
          ciphers: settings.ciphers ?? { upTo12: undefined, for13: undefined },
          authorities,
          revocationLists: settings.checksRevocation === true ? revocationLists : [],
          identity,
          verify,
          depth: settings.verifyDepth ?? VERIFY_DEPTH,
          namedBy: namedBy(settings),
          checksDates: settings.checkPeerExpire ?? true,
        },
        () => this.#clock.wall(),
      );
    } catch (error) {
      throw tlsFailure(error, 'SSLProxyMachineCertificateFile');
    }
  }
}

/** All that these settings name. @throws TlsFileProblem */
function readAll(settings: UpstreamTlsSettings, files: FileReader) {
  const { certificate, certificateChain, authorities = [], revocationLists = [] } = settings;
  const [identity] =
    certificate === undefined
      ? []
      : readPairs({ certificates: [certificate], keys: [], chain: certificateChain }, files, () => undefined);
  return {
    identity,
    authorities: readSources(authorities, 'certificates', files),
    revocationLists: readSources(revocationLists, 'revocation lists', files),
  };
}

/** As observed on httpd: switching the older SSLProxyCheckPeerCN off switches the newer check off too. */
function namedBy({ checkPeerName, checkPeerCn }: UpstreamTlsSettings): 'any-name' | 'common-name' | 'nothing' {
  if (checkPeerName === true || (checkPeerName === undefined && checkPeerCn !== false)) return 'any-name';
  return checkPeerName === false && checkPeerCn === true ? 'common-name' : 'nothing';
}

/** Numbers of settings, by their text: the same after a reload, so that connections go on being used. */
const NUMBERS_MAX = 10_000;
const numbers = new Map<string, number>();
const ofClients = new WeakMap<TlsClient, number>();

function numberOf(key: string): number {
  let number = numbers.get(key);
  if (number === undefined) {
    if (numbers.size >= NUMBERS_MAX) numbers.clear(); // costs some connections, no more
    number = ++lastNumber;
    numbers.set(key, number);
  }
  return number;
}
let lastNumber = 0;

/** Tells connections apart that were made under other settings or for another name. */
export function labelOf({ client, name }: SecureDial): string {
  return `${ofClients.get(client)} ${name}`;
}
