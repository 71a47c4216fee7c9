// Where a request for a URL arrives: which Listen line takes it, at which address of this machine, and what the client
// then sends as target and Host. For questions about requests that never came; part of `rehearsal.ts`.

import { parseAddress } from '../../base/addresses.ts';
import { Failure } from '../../base/failure.ts';
import type { Listen, Snapshot } from '../../site/model.ts';
import type { ListenerFacts } from './explanation.ts';

export interface Arrival {
  readonly listener: ListenerFacts;
  readonly isSecure: boolean;
  readonly localAddress: string;
  readonly localPort: number;
  /** Value of the Host field; undefined when the URL is only a path. */
  readonly host: string | undefined;
  /** Path and query, percent-encoded as a browser would. */
  readonly target: string;
}

/** Address of this machine that a request for a name is taken to come to, when nothing tells a better one. */
const SOME_ADDRESS = '127.0.0.1';

/**
 * @param url `http://host[:port]/path?query`, or only a path
 * @param at address of this machine that the request comes to; undefined: found out from the URL and the configuration
 * @throws Failure `bad-url`
 */
export function arrivalOf(snapshot: Snapshot, url: string, at: string | undefined): Arrival {
  const match = /^(?:(https?):\/\/((?:\[[^\]]*\]|[^/?#:@]*)(?::(\d{1,5}))?)(?=[/?#]|$))?([^#]*)/i.exec(url);
  const [, scheme, authority, portText, rest = ''] = match ?? [];
  if (match === null || authority === '' || (scheme === undefined && !rest.startsWith('/')))
    throw new Failure('bad-url', 'downstream', `"${url}" is neither http://host[:port]/path nor /path`);
  const isSecure = scheme?.toLowerCase() === 'https';
  const name = authority?.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const wanted = scheme === undefined ? undefined : Number(portText ?? (isSecure ? 443 : 80));
  const remarks: string[] = [];
  const listen = listenFor(snapshot.listens, wanted, at ?? name, remarks);
  const localAddress = at ?? listen.address ?? addressFor(snapshot, listen, name, remarks);
  return {
    listener: { address: localAddress, port: listen.port, place: listen.place, remarks },
    isSecure,
    localAddress,
    localPort: listen.port,
    host: authority,
    target: encoded(rest.startsWith('/') ? rest : `/${rest}`),
  };
}

/** Where requests come to a configuration without Listen lines. */
const USUAL_PORT = 80;

/** The most exact line for the port; without one the first line, which is said. */
function listenFor(
  listens: readonly Listen[],
  port: number | undefined,
  address: string | undefined,
  remarks: string[],
): Listen {
  const onPort = port === undefined ? listens : listens.filter((listen) => listen.port === port);
  const found =
    onPort.find((listen) => listen.address === address) ?? onPort.find((listen) => listen.address === undefined);
  if (found !== undefined) return found;
  const [first] = onPort.length === 0 ? listens : onPort;
  if (first === undefined) {
    const assumed = port ?? USUAL_PORT;
    remarks.push(`told as if the request had come to port ${assumed}`);
    return { address: undefined, port: assumed, protocol: 'http', place: { file: 'no Listen line', line: 0 } };
  }
  if (onPort.length === 0)
    remarks.push(`no Listen line has port ${port}: told as if the request had come to port ${first.port}`);
  return first;
}

/** Of a listener for all addresses. */
function addressFor(snapshot: Snapshot, { port }: Listen, name: string | undefined, remarks: string[]): string {
  if (name !== undefined && parseAddress(name) !== undefined) return name;
  const addresses = snapshot.hosts.flatMap((host) => host.addresses);
  const here = addresses.filter((each) => each.port === undefined || each.port === port);
  const exact = here.find((each) => each.address !== undefined);
  if (exact?.address === undefined) return SOME_ADDRESS;
  remarks.push(
    `virtual hosts have addresses here: told as if the request had come to ${exact.address} (--at says otherwise)`,
  );
  return exact.address;
}

/** What no request line can hold is percent-encoded as UTF-8. */
function encoded(text: string): string {
  return text.replace(/[^\x21-\x7e]+/g, (part) =>
    [...Buffer.from(part, 'utf8')].map((octet) => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
