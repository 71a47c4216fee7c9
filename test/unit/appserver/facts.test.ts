// What applications ask beside the request itself: ajpFacts, the socket's addresses and TLS answers, request fields.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { IncomingMessage, RequestListener } from 'node:http';
import { describe, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { ConnectorOptions } from '../../../src/appserver/connector.ts';
import { ajpFacts } from '../../../src/appserver/facts.ts';
import { nodeSurface } from '../../../src/appserver/node-http.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { type AjpRequest, ajp } from '../../support/ajp-client.ts';
import { HOSTINGS, withConnector } from '../../support/connector.ts';
import { CLIENT_CERTIFICATE } from './certificate.ts';

for (const hosting of HOSTINGS) {
  const told = async (
    tell: (req: IncomingMessage) => unknown,
    request: AjpRequest,
    options: ConnectorOptions = {},
  ): Promise<unknown> => {
    let answer: unknown;
    const application: RequestListener = (req, res) => {
      res.end(JSON.stringify(tell(req) ?? null));
    };
    await withConnector(application, { ...options, hosting }, async ({ port }) => {
      answer = JSON.parse((await ajp(port, request)).body.toString());
    });
    return answer;
  };

  describe(`over the ${hosting}`, () => {
    test('ajpFacts tells user, route, names and attributes', async () => {
      const facts = await told(
        (req) => {
          const { attributes, ...rest } = ajpFacts(req) ?? {};
          return { ...rest, attributes: [...(attributes ?? [])] };
        },
        {
          serverName: 'front.test',
          serverPort: 8443,
          attributes: { remote_user: 'bob', auth_type: 'Basic', jvm_route: 'n1', AJP_REMOTE_PORT: '5', FOO: 'bar' },
        },
        { tomcatAuthentication: false, allowedRequestAttributesPattern: 'FOO' },
      );
      assert.deepEqual(facts, {
        remoteUser: 'bob',
        authType: 'Basic',
        jvmRoute: 'n1',
        serverName: 'front.test',
        serverPort: 8443,
        isSecure: false,
        attributes: [['FOO', 'bar']],
      });
    });

    test('ajpFacts tells no user that the application has not been told to believe', async () => {
      const attributes = { remote_user: 'bob', auth_type: 'Basic' };
      assert.equal(await told((req) => ajpFacts(req)?.remoteUser, { attributes }), null);
    });

    test('the socket has the client’s addresses', async () => {
      const tell = ({ socket }: IncomingMessage) => [
        socket.remoteAddress,
        socket.remotePort,
        socket.remoteFamily,
        socket.localAddress,
        socket.localPort,
        socket.address(),
      ];
      const attributes = { AJP_REMOTE_PORT: '5555', AJP_LOCAL_ADDR: '9.8.7.6' };
      assert.deepEqual(await told(tell, { remoteAddress: '::1', attributes }), [
        '::1',
        5555,
        'IPv6',
        '9.8.7.6',
        80,
        { address: '9.8.7.6', family: 'IPv4', port: 80 },
      ]);
      assert.deepEqual(await told(tell, { remoteAddress: null }), [null, null, null, null, 80, {}]);
    });

    test('a TLS client’s cipher, protocol and certificate are found where Node’s TLS sockets have them', async () => {
      const tell = (req: IncomingMessage) => {
        const socket = req.socket as TLSSocket;
        return {
          encrypted: socket.encrypted,
          authorized: socket.authorized,
          cipher: socket.getCipher(),
          protocol: socket.getProtocol(),
          subject: socket.getPeerCertificate().subject,
          x509: socket.getPeerX509Certificate()?.subject,
        };
      };
      const request: AjpRequest = {
        isSecure: true,
        keySize: 256,
        attributes: { ssl_cipher: 'TLS_AES_256_GCM_SHA384', AJP_SSL_PROTOCOL: 'TLSv1.3', ssl_cert: CLIENT_CERTIFICATE },
      };
      const expected = {
        encrypted: true,
        authorized: true,
        cipher: { name: 'TLS_AES_256_GCM_SHA384', standardName: 'TLS_AES_256_GCM_SHA384', version: 'TLSv1.3' },
        protocol: 'TLSv1.3',
        subject: { CN: 'client.example.test' },
        x509: 'CN=client.example.test',
      };
      assert.deepEqual(await told(tell, request), expected);
      // mod_jk and headers carry PEM on one line.
      const oneLine = { ...request.attributes, ssl_cert: CLIENT_CERTIFICATE.replaceAll('\n', ' ') };
      assert.deepEqual(await told(tell, { ...request, attributes: oneLine as Record<string, string> }), expected);
    });

    test('a plain client has none of that, and a broken certificate is none', async () => {
      const tell = (req: IncomingMessage) => {
        const socket = req.socket as TLSSocket;
        return [socket.encrypted ?? 'none', socket.authorized, socket.getPeerCertificate(), socket.getProtocol()];
      };
      assert.deepEqual(await told(tell, {}), ['none', false, {}, null]);
      const broken = { isSecure: true, attributes: { ssl_cert: 'not PEM' } };
      assert.deepEqual(await told(tell, broken), [true, true, {}, null]);
    });

    test('request fields are as they came: spelling, order, repeats', async () => {
      const headers: [string, string][] = [
        ['host', 'h.test'],
        ['X-MiXed', '1'],
        ['x-mixed', '2'],
        ['cookie', 'a=1; b=2'],
        ['x-latin', 'caf\xe9'],
        ['connection', 'x-hop'],
      ];
      const tell = (req: IncomingMessage) => ({
        raw: req.rawHeaders,
        joined: req.headers['x-mixed'],
        distinct: req.headersDistinct['x-mixed'],
        latin: req.headers['x-latin'],
        connection: req.headers.connection,
      });
      assert.deepEqual(await told(tell, { headers }), {
        raw: [
          'Host',
          'h.test',
          'X-MiXed',
          '1',
          'x-mixed',
          '2',
          'Cookie',
          'a=1; b=2',
          'x-latin',
          'caf\xe9',
          'Connection',
          'x-hop',
        ],
        joined: '1, 2',
        distinct: ['1', '2'],
        latin: 'caf\xe9',
        connection: 'x-hop',
      });
    });

    test('a request without Host is served, and HTTP/1.0 is told', async () => {
      const tell = (req: IncomingMessage) => [
        req.httpVersion,
        req.httpVersionMajor,
        req.httpVersionMinor,
        req.headers.host,
      ];
      assert.deepEqual(await told(tell, { protocol: 'HTTP/1.0' }), ['1.0', 1, 0, null]);
      assert.deepEqual(await told(tell, {}), ['1.1', 1, 1, null]);
    });
  });
}

test('this Node has the surface that the facade needs', () => {
  assert.equal(nodeSurface(systemClock), 'fits');
});

test('a Node without that surface is noticed, logged, and served by the fallback', async () => {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    import { OutgoingMessage } from 'node:http';
    OutgoingMessage.prototype._finish = () => {};
    const { withConnector } = await import(${at('../../support/connector.ts')});
    const { ajp } = await import(${at('../../support/ajp-client.ts')});
    await withConnector((req, res) => res.end('served'), {}, async ({ port, log }) => {
      console.log((await ajp(port, {})).body.toString(), log.events[0].event, log.events[0].fields.mismatch);
    });
  `;
  const stdout = await new Promise<string>((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], (_error, out) => resolve(out));
  });
  assert.match(stdout, /^served node-surface-changed .*its end is not told/);
});
