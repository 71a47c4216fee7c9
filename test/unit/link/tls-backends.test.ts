// TLS towards backends over real sockets: octets both ways, ends, certificates.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import type { Connection } from '../../../src/link/connection.ts';
import { CertificateProblem, dialSecure } from '../../../src/link/dial.ts';
import { Link } from '../../../src/link/link.ts';
import { TlsClient, type TlsClientOptions } from '../../../src/link/tls-client.ts';
import { identity, tlsText } from '../../support/tls.ts';
import { endBelow, endProperly, TlsBackends } from '../../support/tls-backends.ts';
import { Owner, until } from './support.ts';

const TRUSTING: TlsClientOptions = {
  versions: ['TLSv1.2', 'TLSv1.3'],
  ciphers: { upTo12: undefined, for13: undefined },
  authorities: [],
  revocationLists: [],
  identity: undefined,
  verify: 'none',
  depth: 1,
  namedBy: 'any-name',
  checksDates: true,
};

class Dialler extends Owner {
  isConnected = false;
  isHandshaking = false;

  handshaking(): void {
    this.isHandshaking = true;
  }

  connected(): void {
    this.isConnected = true;
  }
}

/** Dials, and waits for what comes of it. */
async function dialTo(
  port: number,
  client: TlsClient,
  name = 'localhost',
): Promise<{ owner: Dialler; connection: Connection; problem: string | undefined }> {
  const link = new Link(new VirtualClock(Date.now()), new MemoryLog());
  const owner = new Dialler();
  const connection = dialSecure(link, { kind: 'tcp', host: '127.0.0.1', port }, false, { client, name }, owner);
  await until(() => owner.isConnected || owner.closings.length > 0, 'an outcome');
  const [error] = owner.closings;
  return { owner, connection, problem: error instanceof CertificateProblem ? error.message : undefined };
}

const clientOf = (changes: Partial<TlsClientOptions> = {}): TlsClient =>
  new TlsClient({ ...TRUSTING, ...changes }, () => Date.now());

describe('TLS towards backends', () => {
  it('carries octets, names the backend, and takes its session up again', async () => {
    await using backends = new TlsBackends();
    const { port, seen } = await backends.secure('www');
    const client = clientOf();
    for (const path of ['/a', '/b']) {
      const { owner, connection } = await dialTo(port, client);
      assert.ok(owner.isHandshaking);
      connection.send(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`));
      await until(() => owner.text.endsWith(path), 'the answer');
      connection.destroy();
    }
    assert.deepEqual(seen, ['sni localhost', 'GET /a h', 'resumed', 'GET /b h']);
  });

  it('tells no name that is an address', async () => {
    await using backends = new TlsBackends();
    const { port, seen } = await backends.secure('www');
    const { connection, problem } = await dialTo(port, clientOf(), '127.0.0.1');
    assert.deepEqual([problem, seen], [undefined, []], 'the certificate names the address');
    connection.destroy();
  });

  for (const [what, backend, name, changes, problem] of [
    ['any name of the certificate will do', 'www', 'www.example.test', {}, undefined],
    ['a wildcard names one label', 'wild', 'a.wild.test', {}, undefined],
    ['and not two', 'wild', 'a.b.wild.test', {}, /does not name/],
    ['another name does not do', 'app', 'localhost', {}, /does not name localhost/],
    ['unless nobody looks', 'app', 'localhost', { namedBy: 'nothing' }, undefined],
    ['the common name alone may count', 'www', 'localhost', { namedBy: 'common-name' }, /does not name/],
    ['or do', 'www', 'WWW.example.test', { namedBy: 'common-name' }, undefined],
    ['what has expired does not do', 'expired', '127.0.0.1', {}, /expired/],
    ['unless nobody looks at dates', 'expired', '127.0.0.1', { checksDates: false }, undefined],
    ['nobody known has signed it', 'www', 'localhost', { verify: 'require' }, /self-signed certificate|issuer/],
    ['the root is known', 'www', 'localhost', { verify: 'require', authorities: ['ca.pem'] }, undefined],
    ['strangers are forgiven', 'stranger', 'stranger', { verify: 'optional-no-ca' }, undefined],
    ['a chain may be too long', 'combined', 'localhost', { verify: 'require', authorities: ['ca.pem'] }, /more than 1/],
    ['or not', 'combined', 'localhost', { verify: 'require', authorities: ['ca.pem'], depth: 2 }, undefined],
  ] as [string, string, string, Partial<TlsClientOptions>, RegExp | undefined][])
    it(`${what}: ${backend} as ${name}`, async () => {
      await using backends = new TlsBackends();
      const own = backend === 'combined' ? { cert: tlsText('combined.pem'), key: tlsText('chained.key') } : {};
      const { port } = await backends.secure(backend === 'combined' ? 'chained' : backend, own);
      const authorities = changes.authorities?.map((file) => tlsText(file)) ?? [];
      const found = await dialTo(port, clientOf({ ...changes, authorities }), name);
      found.connection.destroy();
      if (problem === undefined) assert.equal(found.problem, undefined);
      else assert.match(found.problem ?? 'none', problem);
    });

  it('a certificate of ours is shown to who asks', async () => {
    await using backends = new TlsBackends();
    const { port, seen } = await backends.secure('www', { requestCert: true, rejectUnauthorized: true });
    const { cert, key } = identity('client');
    const { connection } = await dialTo(port, clientOf({ identity: { certificates: cert, key } }));
    await until(() => seen.includes('client Client One'), 'the certificate');
    connection.destroy();
  });

  it('an end of the connection is told from an end of TLS', async () => {
    await using backends = new TlsBackends();
    for (const [end, isTruncated] of [
      [endProperly, false],
      [endBelow, true],
    ] as const)
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const { port } = await backends.secure('www', { maxVersion }, end);
        const { owner, connection } = await dialTo(port, clientOf());
        connection.send(Buffer.from('GET / HTTP/1.1\r\nHost: h\r\n\r\n'));
        await until(() => owner.hasPeerEnded, 'the end');
        assert.equal(connection.isTruncated, isTruncated, `${maxVersion} ${end.name}`);
        connection.destroy();
      }
  });

  it('what is not TLS fails, and a port that nobody listens to too', async () => {
    await using backends = new TlsBackends();
    const plain = await backends.plain();
    const { owner } = await dialTo(plain.port, clientOf());
    assert.ok(owner.isHandshaking);
    const refused = await dialTo(1, clientOf());
    assert.deepEqual(
      [refused.owner.isHandshaking, (refused.owner.closings[0] as NodeJS.ErrnoException).code],
      [false, 'ECONNREFUSED'],
    );
  });
});
