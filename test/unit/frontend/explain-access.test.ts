// What `explain` says of sections and of who may enter.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLUSTER, explain } from './explaining.ts';

test('sections in force are told in their order with their lines', async () => {
  const { passes } = await explain(
    `${CLUSTER}\n<Location />\nProxyPreserveHost On\n</Location>\n<LocationMatch x$>\nSetEnv a b\n</LocationMatch>`,
    '/app/x',
  );
  assert.deepEqual(
    passes[0].sections.map(({ text, place }) => [text, place.line]),
    [
      ['<Proxy balancer://c>', 5],
      ['<Location />', 10],
      ['<LocationMatch x$>', 13],
    ],
  );
});

test('whether the client may enter depends on where it comes from', async () => {
  const conf = `${CLUSTER}\n<Location />\nRequire ip 10.1.0.0/16\n</Location>`;
  const from = (address: string) => explain(conf, { url: '/app/x', from: address });
  assert.equal((await from('10.1.2.3')).passes[0].access?.isAllowed, true);
  const refused = await from('10.2.2.3');
  assert.equal(refused.passes[0].access?.isAllowed, false);
  assert.equal(refused.answer?.status, 403);
  assert.deepEqual(refused.elections, []);
});

describe('the lines that decide about access', () => {
  async function lines(rules: string, from = '127.0.0.1', headers: [string, string][] = []) {
    const conf = `Listen 80\nServerName x\nProxyPass / http://h/\n<Location />\n${rules}\n</Location>`;
    const { passes, answer } = await explain(conf, { url: '/', from, headers });
    const access = passes[0].access;
    return {
      isAllowed: access?.isAllowed,
      status: answer?.status,
      said: access?.lines.map(({ text, place, opinion }) => `${place.line} ${text}: ${opinion}`),
    };
  }

  test('Require lines are asked until one lets in', async () => {
    assert.deepEqual(await lines('Require ip 10\nRequire local\nRequire all granted'), {
      isAllowed: true,
      status: undefined,
      said: ['5 Require ip 10: does not let in', '6 Require local: lets in'],
    });
  });

  test('a line that keeps out ends RequireAll', async () => {
    const { isAllowed, said } = await lines(
      '<RequireAll>\nRequire all granted\nRequire not ip 127\nRequire local\n</RequireAll>',
    );
    assert.equal(isAllowed, false);
    assert.deepEqual(said, ['6 Require all granted: lets in', '7 Require not ip 127: keeps out']);
  });

  test('what RequireNone names keeps out', async () => {
    const { isAllowed, said } = await lines(
      '<RequireAll>\nRequire all granted\n<RequireNone>\nRequire ip 127\n</RequireNone>\n</RequireAll>',
    );
    assert.equal(isAllowed, false);
    assert.deepEqual(said?.at(-1), '8 Require ip 127: keeps out');
  });

  test('Order, Deny and Allow', async () => {
    const rules = 'Order Deny,Allow\nDeny from all\nAllow from 127.0.0.1';
    assert.deepEqual((await lines(rules)).said, ['6 Deny from all: keeps out', '7 Allow from 127.0.0.1: lets in']);
    assert.deepEqual((await lines(rules, '10.0.0.1')).said, [
      '6 Deny from all: keeps out',
      '7 Allow from 127.0.0.1: has no say',
    ]);
  });

  test('a line that asks for a user says so, and 401 is the answer', async () => {
    const rules = 'AuthType Basic\nAuthName a\nAuthUserFile /srv/logs/x\nRequire valid-user';
    const { status, said } = await lines(rules);
    assert.equal(status, 401);
    assert.deepEqual(said, ['8 Require valid-user: asks for a user']);
  });
});
