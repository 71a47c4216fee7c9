// How the path of a request goes to Tomcat under JkOptions ForwardURI… (recordings J-MAP-08-*).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardedUri } from '../../../src/frontend/jk/jk-uri.ts';
import { Visit } from '../../../src/frontend/visit.ts';
import type { EncodedSlashes } from '../../../src/site/model.ts';
import { readPath } from '../../../src/site/path.ts';

const FORMS = ['proxy', 'compat', 'compat-unparsed', 'escaped'] as const;
/** As sent, then in each form. */
const PATHS: readonly (readonly [string, string, string, string, string])[] = [
  ['/enc/a%20b', '/enc/a%20b', '/enc/a b', '/enc/a%20b', '/enc/a%20b'],
  ['/enc//x', '/enc/x', '/enc/x', '/enc//x', '/enc/x'],
  ['/x/../enc/y', '/enc/y', '/enc/y', '/x/../enc/y', '/enc/y'],
  ['/enc/caf%C3%A9', '/enc/caf%C3%A9', '/enc/caf\xc3\xa9', '/enc/caf%C3%A9', '/enc/caf%c3%a9'],
  ['/enc/a%3Bb', '/enc/a;b', '/enc/a;b', '/enc/a%3Bb', '/enc/a;b'],
  ['/enc/a%25b', '/enc/a%25b', '/enc/a%b', '/enc/a%25b', '/enc/a%25b'],
  // Tomcat decodes what it gets: `compat` must not make an encoding of it that access rules have not seen.
  [
    '/enc/%2561/%252e%252E',
    '/enc/%2561/%252e%252E',
    '/enc/%2561/%252e%252E',
    '/enc/%2561/%252e%252E',
    '/enc/%2561/%252e%252E',
  ],
  ['/enc/%25%25aa', '/enc/%25%25aa', '/enc/%%25aa', '/enc/%25%25aa', '/enc/%25%25aa'],
  ['/enc/a"b', '/enc/a%22b', '/enc/a"b', '/enc/a"b', '/enc/a%22b'],
  ['/enc/a%7Eb', '/enc/a~b', '/enc/a~b', '/enc/a%7Eb', '/enc/a~b'],
  ["/$-_.+!*'(),:;@&=~", ...(Array(4).fill("/$-_.+!*'(),:;@&=~") as [string, string, string, string])],
];

/** As it goes on in each form. */
function forms(sent: string, allowEncodedSlashes: EncodedSlashes = 'off'): string[] {
  const visit = new Visit();
  visit.host = { host: { allowEncodedSlashes } } as never;
  assert.ok(readPath(sent, { allowEncodedSlashes, mergeSlashes: true }, visit.forms));
  visit.goal.path = visit.forms.decoded;
  return FORMS.map((form) => forwardedUri(form, visit));
}

// JkOptions ForwardURIProxy, ForwardURICompat, ForwardURICompatUnparsed, ForwardURIEscaped
test('a path goes on in the form that JkOptions wants', () => {
  for (const [sent, ...expected] of PATHS) assert.deepEqual(forms(sent), expected, sent);
});

// AllowEncodedSlashes
test('an encoded slash that is not decoded goes on as it came', () => {
  const sent = '/w/a%2Fb%25c%3Fd';
  assert.deepEqual(forms(sent, 'no-decode'), [sent, '/w/a%2Fb%c?d', sent, '/w/a%2Fb%25c%3fd']);
  assert.deepEqual(forms('/w/%252e%252E/%252f%25z', 'no-decode')[1], '/w/%252e%252E/%252f%z');
});
