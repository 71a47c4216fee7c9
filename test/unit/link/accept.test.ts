// Accepting over real sockets, with moved handles and with plain reads.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { systemClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { Acceptor } from '../../../src/link/accept.ts';
import { Link } from '../../../src/link/link.ts';
import { Place, turns, until } from './support.ts';

for (const plainReads of [false, true]) {
  describe(`an acceptor with ${plainReads ? 'plain reads' : 'moved handles'}`, () => {
    it('knows both ends of a connection', async () => {
      await using place = await Place.open(plainReads);
      const { peer, connection } = await place.pair();
      await until(() => peer.socket.localPort !== undefined, 'the port');
      assert.equal(connection.remoteAddress, '127.0.0.1');
      assert.equal(connection.remotePort, peer.socket.localPort);
      assert.equal(connection.localPort, place.acceptor.address.port);
    });

    it('carries octets in both directions', async () => {
      await using place = await Place.open(plainReads);
      const { peer, connection, owner } = await place.pair();
      peer.socket.write('in');
      await until(() => owner.text === 'in', 'octets in');
      place.put(connection, 'out');
      connection.flush();
      await until(() => peer.text === 'out', 'octets out');
    });

    it('closes a connection that nobody wants', async () => {
      await using place = await Place.open(plainReads);
      place.makeOwner = () => undefined;
      const peer = place.peer();
      await until(() => peer.hasEnded || peer.isClosed, 'the end');
    });

    it('goes on accepting after a mistake in taking a connection', async () => {
      await using place = await Place.open(plainReads);
      const { makeOwner } = place;
      place.makeOwner = () => {
        throw new Error('planted');
      };
      const unlucky = place.peer();
      await until(() => unlucky.hasEnded || unlucky.isClosed, 'the end');
      assert.equal(place.faults.length, 1);
      place.makeOwner = makeOwner;
      await place.pair();
    });

    it('survives clients that are gone before they are looked at', async () => {
      await using place = await Place.open(plainReads);
      for (let i = 0; i < 50; i++) {
        const socket = connect(place.acceptor.address.port, '127.0.0.1');
        socket.on('error', () => {});
        socket.on('connect', () => socket.resetAndDestroy());
      }
      await turns(200);
      const { peer, owner } = await place.pair();
      peer.socket.write('x');
      await until(() => owner.text === 'x', 'an honest client');
      await until(() => place.owners.filter((each) => each.closings.length === 0).length === 1, 'the others are gone');
    });

    it('stops accepting and leaves open connections alone', async () => {
      await using place = await Place.open(plainReads);
      const { peer, connection, owner } = await place.pair();
      const { port } = place.acceptor.address;
      const closed = place.acceptor.close();
      const refused = connect(port, '127.0.0.1');
      let code: string | undefined;
      refused.on('error', (error: NodeJS.ErrnoException) => {
        code = error.code;
      });
      await until(() => code === 'ECONNREFUSED', 'the refusal');
      peer.socket.write('still here');
      await until(() => owner.text === 'still here', 'the old connection');
      connection.destroy();
      await closed;
    });
  });
}

it('a port that is taken is told by rejection, and closing what never listened resolves', async () => {
  await using place = await Place.open();
  const { port } = place.acceptor.address;
  const events = { accepted: () => undefined, acceptFailed: (error: Error) => assert.fail(error) };
  const second = new Acceptor(new Link(systemClock, new MemoryLog()), { address: '127.0.0.1', port }, events);
  await assert.rejects(second.listen(), { code: 'EADDRINUSE' });
  await second.close();
});
