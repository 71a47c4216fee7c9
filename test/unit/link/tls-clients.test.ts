// TLS towards clients over real sockets: octets both ways, ends, limits, certificates.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { Connection } from '../../../src/link/connection.ts';
import { HANDSHAKES_MAX } from '../../../src/link/tls-door.ts';
import { type ClientVerification, TlsServer, type TlsServerOptions } from '../../../src/link/tls-server.ts';
import { identity, tlsText } from '../../support/tls.ts';
import { type Owner, type Peer, Place, turns, until } from './support.ts';

const NO_QUESTION: ClientVerification = { mode: 'none', depth: 1, authorities: [], revocationLists: [] };

function serverOf(name: string, changes: Partial<TlsServerOptions> = {}): TlsServer {
  return new TlsServer({
    hostId: name,
    setup: '',
    pairs: [{ certificates: tlsText(`${name}.pem`), key: tlsText(`${name}.key`) }],
    versions: ['TLSv1.2', 'TLSv1.3'],
    ciphers: { upTo12: undefined, for13: undefined },
    honorCipherOrder: false,
    tickets: true,
    clients: NO_QUESTION,
    ...changes,
  });
}

/** A place whose first host is `www`, and which has `app` by name. */
async function open(changes: Partial<TlsServerOptions> = {}): Promise<Place> {
  const place = await Place.open();
  const [www, app] = [serverOf('www', changes), serverOf('app', changes)];
  place.tls = {
    handshakeTimeoutMs: 10_000,
    spokenAt: () => 'tls',
    choose: (_address, _port, name) => (name === 'app.example.test' ? app : www),
  };
  return place;
}

/** A raw client that has said this, and our side of its connection. */
async function saying(place: Place, text: string): Promise<{ peer: Peer; connection: Connection; owner: Owner }> {
  const peer = place.peer();
  peer.socket.write(text);
  await until(() => place.connections.length === 1, 'the connection');
  return { peer, connection: place.connections[0], owner: place.owners[0] };
}

const shownBy = (socket: unknown): unknown => (socket as TLSSocket).getPeerCertificate().subject.CN;

describe('TLS towards clients', () => {
  it('carries octets both ways and knows what was agreed on', async () => {
    await using place = await open();
    const { peer, connection, owner } = await place.securePair({ servername: 'app.example.test' });
    peer.socket.write('in');
    await until(() => owner.text === 'in', 'octets in');
    place.put(connection, 'out');
    connection.flush();
    await until(() => peer.text === 'out', 'octets out');
    assert.equal(shownBy(peer.socket), 'app.example.test');
    const { tls } = connection;
    assert.deepEqual([tls?.protocol, tls?.hostId, tls?.serverName], ['TLSv1.3', 'app', 'app.example.test']);
    assert.deepEqual([tls?.keySize, tls?.isResumed, tls?.clientVerify], [256, false, 'NONE']);
    assert.match(tls?.sessionId ?? '', /^[0-9a-f]{64}$/);
    assert.match(tls?.serverCertificate?.subject ?? '', /app\.example\.test/);
    assert.equal(tls?.clientCertificate, undefined);
    assert.equal(connection.remoteAddress, '127.0.0.1');
    assert.deepEqual([connection.bytesIn, connection.bytesOut], [2, 3]);
  });

  it('gives every octet to a slow client, in order, and says when to go on', async () => {
    await using place = await open();
    const { peer, connection, owner } = await place.securePair();
    let expected = 0;
    let wrong = 0;
    let count = 0;
    peer.socket.removeAllListeners('data');
    peer.socket.pause();
    const random = (size: number): Buffer => {
      const piece = Buffer.alloc(size);
      for (let i = 0; i < size; i++) piece[i] = (count + i) % 251;
      count += size;
      return piece;
    };
    const fill = (): void => {
      for (let i = 0; count < 12_000_000 && !connection.isCongested; i++) {
        const piece = random(i % 3 === 0 ? 900 : i % 3 === 1 ? 20_000 : 64_000);
        if (i % 7 === 0) connection.send(piece);
        else {
          const at = connection.reserve(piece.length);
          piece.copy(place.link.scratch.buffer, at);
          connection.commit(at + piece.length);
          connection.flush();
        }
      }
    };
    owner.drained = fill;
    fill();
    assert.ok(connection.isCongested, 'the client takes nothing');
    assert.ok(count < 1_000_000, `${count} octets wait`);
    peer.socket.on('data', (bytes: Buffer) => {
      for (const octet of bytes) if (octet !== expected++ % 251) wrong++;
    });
    peer.socket.resume();
    await until(() => count >= 12_000_000 && expected === count, 'all octets');
    assert.equal(wrong, 0);
    await until(() => !connection.isCongested, 'nothing waits');
  });

  it('answers a client that has ended its side, and ends TLS before the connection', async () => {
    await using place = await open();
    const { peer, connection, owner } = await place.securePair();
    peer.socket.end('last');
    await until(() => owner.hasPeerEnded, 'the end of the client');
    assert.equal(owner.text, 'last');
    place.put(connection, 'answer');
    connection.end();
    await until(() => peer.hasEnded, 'our end');
    assert.equal(peer.text, 'answer');
    await until(() => owner.closings.length === 1, 'closed');
    assert.deepEqual([owner.closings, place.faults], [[undefined], []]);
  });

  it('cuts with a reset below', async () => {
    await using place = await open();
    const { peer, connection, owner } = await place.securePair();
    connection.reset();
    await until(() => peer.isClosed && owner.closings.length === 1, 'closed');
    assert.equal((peer.error as NodeJS.ErrnoException).code, 'ECONNRESET');
  });

  it('stops reading while it is paused, and goes on', async () => {
    await using place = await open();
    const { peer, connection, owner } = await place.securePair();
    connection.pause();
    peer.socket.write('x'.repeat(300_000));
    await turns(50);
    assert.ok(owner.text.length < 300_000);
    connection.resume();
    await until(() => owner.text.length === 300_000, 'the rest');
  });

  it('cuts a client that is silent, and one that begins and does not go on', async () => {
    await using place = await open();
    const [silent, slow] = [place.peer(), place.peer()];
    slow.socket.write(Buffer.from([22, 3, 1, 2, 0]));
    await until(() => place.acceptor.handshakeCount === 2, 'both are in');
    await turns(20);
    place.clock.advance(9_000);
    assert.equal(place.acceptor.handshakeCount, 2);
    place.clock.advance(1_100);
    await until(() => silent.hasEnded && slow.hasEnded, 'the end of both');
    assert.deepEqual([place.acceptor.handshakeCount, place.connections.length], [0, 0]);
    assert.deepEqual(place.failedHandshakes, ['it took too long', 'it took too long']);
  });

  it('lets in no more handshakes at once than a number: the oldest goes', async () => {
    await using place = await open();
    const first = place.peer();
    await until(() => place.acceptor.handshakeCount === 1, 'the first');
    for (let i = 0; i < HANDSHAKES_MAX; i++) place.peer();
    await until(() => first.hasEnded || first.isClosed, 'the end of the first');
    await until(() => place.failedHandshakes.length === 1, 'told');
    assert.equal(place.acceptor.handshakeCount, HANDSHAKES_MAX);
  });

  it('tells a connection without TLS from the others, with what it said', async () => {
    await using place = await open();
    const { peer, connection, owner } = await saying(place, 'GET / HTTP/1.1\r\n\r\n');
    await until(() => owner.text === 'GET / HTTP/1.1\r\n\r\n', 'the request');
    assert.deepEqual([connection.isPlainAtTls, connection.tls], [true, undefined]);
    place.put(connection, 'no');
    connection.end();
    await until(() => peer.text === 'no' && peer.hasEnded, 'the answer');
  });

  it('closes what is neither TLS nor HTTP, and connections to addresses where nothing is spoken', async () => {
    await using place = await open();
    const odd = place.peer();
    odd.socket.write(Buffer.from([0x80, 1, 2]));
    await until(() => odd.hasEnded, 'the end');
    place.tls = { ...(place.tls as NonNullable<typeof place.tls>), spokenAt: () => 'nothing' };
    const unwanted = place.peer();
    await until(() => unwanted.hasEnded, 'the end');
    place.tls = { ...place.tls, spokenAt: () => 'plain' };
    const { connection } = await place.pair();
    assert.equal(connection.isPlainAtTls, false);
  });

  it('a handshake that fails is told with its reason', async () => {
    await using place = await open({ versions: ['TLSv1.3'] });
    place.securePeer({ maxVersion: 'TLSv1.2' });
    await until(() => place.failedHandshakes.length === 1, 'told');
    assert.equal(place.failedHandshakes[0], 'ERR_SSL_UNSUPPORTED_PROTOCOL');
  });

  it('cuts handshakes in progress when it stops accepting', async () => {
    await using place = await open();
    const peer = place.peer();
    await until(() => place.acceptor.handshakeCount === 1, 'in');
    void place.acceptor.close();
    await until(() => peer.hasEnded, 'the end');
  });

  it('does not negotiate anew', async () => {
    await using place = await open({ versions: ['TLSv1.2'] });
    const { peer, connection } = await place.securePair();
    place.put(connection, 'x');
    connection.flush();
    await until(() => peer.text === 'x', 'octets');
    (peer.socket as TLSSocket).renegotiate({}, () => {});
    await until(() => peer.error !== undefined, 'the refusal');
    assert.match(String(peer.error), /no renegotiation/);
  });

  // SSLSessionTickets, SSLSessionTicketKeyFile
  it('takes its own tickets up again, those of a server with the same key, and gives none when it may not', async () => {
    const ticketOf = async (place: Place): Promise<Buffer | undefined> => {
      const { peer, connection } = await place.securePair();
      let ticket: Buffer | undefined;
      peer.socket.on('session', (given: Buffer) => {
        ticket = given;
      });
      place.put(connection, 'x');
      connection.flush();
      await until(() => peer.text === 'x', 'an answer');
      await turns(5);
      return ticket;
    };
    const resumes = async (place: Place, session: Buffer | undefined): Promise<boolean | undefined> =>
      (await place.securePair(session === undefined ? {} : { session })).connection.tls?.isResumed;
    const ticketKey = Buffer.alloc(48, 7);
    await using own = await open();
    await using one = await open({ ticketKey });
    await using other = await open({ ticketKey });
    await using none = await open({ tickets: false, versions: ['TLSv1.2'] });
    assert.equal(await resumes(own, await ticketOf(own)), true);
    const shared = await ticketOf(one);
    assert.deepEqual([await resumes(other, shared), await resumes(own, shared)], [true, false]);
    assert.equal(await resumes(none, await ticketOf(none)), false);
  });

  // SSLSessionTicketKeyFile, SSLVerifyClient
  it('takes no ticket up that was given where something else is asked of certificates, whoever has the key', async () => {
    const ticketKey = Buffer.alloc(48, 7);
    const asking = (mode: 'none' | 'require', authority: string): ClientVerification => ({
      mode,
      depth: 1,
      authorities: [tlsText(authority)],
      revocationLists: [],
    });
    await using lenient = await open({ ticketKey, clients: asking('require', 'stranger.pem') });
    await using likewise = await open({ ticketKey, clients: asking('require', 'stranger.pem') });
    await using strict = await open({ ticketKey, clients: asking('require', 'ca.pem') });
    const { peer, connection } = await lenient.securePair(identity('stranger'));
    let session: Buffer | undefined;
    peer.socket.on('session', (given: Buffer) => {
      session = given;
    });
    lenient.put(connection, 'x');
    connection.flush();
    await until(() => peer.text === 'x' && session !== undefined, 'a ticket');
    const taken = await likewise.securePair({ ...identity('stranger'), session });
    assert.equal(taken.connection.tls?.isResumed, true);
    const refused = strict.securePeer({ ...identity('stranger'), session });
    await until(() => refused.hasEnded || refused.isClosed, 'the end of the handshake');
    assert.equal(strict.connections.length, 0);
  });

  for (const [mode, client, expected] of [
    ['optional', undefined, 'NONE'],
    ['optional', 'client', 'SUCCESS'],
    ['optional', 'stranger', undefined],
    ['require', undefined, undefined],
    ['require', 'client', 'SUCCESS'],
    ['require', 'deep', undefined],
    ['optional-no-ca', 'stranger', 'FAILED:self-signed certificate'],
  ] as const)
    it(`${client ?? 'nobody'} at ${mode} is ${expected ?? 'turned away'}`, async () => {
      const clients: ClientVerification = { mode, depth: 1, authorities: [tlsText('ca.pem')], revocationLists: [] };
      await using place = await open({ clients });
      const peer = place.securePeer(client === undefined ? {} : identity(client));
      if (expected === undefined) {
        await until(() => peer.hasEnded || peer.isClosed, 'the end');
        assert.equal(place.connections.length, 0);
        return;
      }
      await until(() => place.connections.length === 1, 'the connection');
      const { tls } = place.connections[0];
      assert.equal(tls?.clientVerify, expected);
      if (client === undefined) return;
      assert.equal(tls?.clientCertificate?.trim(), tlsText(`${client}.pem`).trim());
    });
});
