// What `explain` says of the request to the backend and of the answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLUSTER, explain } from './explaining.ts';

test('what a backend would be told is told, secrets and sessions left out', async () => {
  const conf = `${CLUSTER}\nSetEnv AJP_unit sales`;
  const explanation = await explain(conf, {
    url: 'https://www.test:8080/app/x?y=1',
    method: 'DELETE',
    headers: [
      ['Cookie', 'JSESSIONID=topsecret.a; theme=dark'],
      ['Authorization', 'Basic dG9wc2VjcmV0'],
    ],
  });
  const { backend } = explanation;
  const head = new Map(backend?.head);
  assert.deepEqual(
    [head.get('method'), head.get('uri'), head.get('is_ssl'), head.get('server_name')],
    ['DELETE', '/app/x', 'true', 'www.test'],
  );
  const headers = new Map(backend?.headers);
  assert.equal(headers.get('Cookie'), 'JSESSIONID=…; theme=…');
  assert.equal(headers.get('Authorization'), 'Basic (not shown)');
  const attributes = new Map(backend?.attributes);
  assert.equal(attributes.get('unit'), 'sales');
  assert.equal(attributes.get('jvm_route'), 'a');
  assert.equal(attributes.get('secret'), '(sent, not shown)');
  assert.doesNotMatch(JSON.stringify(explanation), /topsecret|sesame|dG9wc2VjcmV0/);
});

test('rules for the answer that are in force are told', async () => {
  const { response } = await explain(
    `${CLUSTER}\nProxyPassReverse /app/ balancer://c/app/\nHeader always set X-A b\nRequestHeader set X-B c\nProxyErrorOverride On 404 503`,
    '/app/x',
  );
  assert.deepEqual(
    response.reverse.map(({ text, place }) => [text, place.line]),
    [['ProxyPassReverse balancer://c/app/ -> /app/', 10]],
  );
  assert.deepEqual(
    response.headers.map(({ text }) => text),
    ['Header always set X-A'],
  );
  assert.equal(response.overrides, '404 503');
});

test('a redirect and a manager are answers of our own', async () => {
  const conf = `${CLUSTER}\nRedirect /old http://new.test/\n<Location /m>\nSetHandler balancer-manager\n</Location>`;
  const moved = await explain(conf, '/old');
  assert.deepEqual([moved.answer?.status, moved.answer?.location], [302, 'http://new.test/']);
  const manager = await explain(conf, '/m');
  assert.deepEqual(manager.passes[0].goal, { kind: 'page', handler: 'balancer-manager' });
});
