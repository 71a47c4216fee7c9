// The address from which backends are dialled.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lab } from './lab.ts';
import { GET } from './messages.ts';

// ProxySourceAddress
test('backends are dialled from ProxySourceAddress', async () => {
  await using lab = await Lab.open('ProxySourceAddress 127.0.0.7\nProxyPass / http://127.0.0.1:@1/');
  lab.ask(GET);
  const line = await lab.line();
  assert.equal(line.socket.remoteAddress, '127.0.0.7');
  line.socket.destroy();
});
