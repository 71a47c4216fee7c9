import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_MEDIA_TYPES, describeContent, parseMediaTypes } from '../../../src/frontend/static/mime.ts';
import type { DirectorySettings, MimeSettings } from '../../../src/site/model.ts';

type Pairs = readonly (readonly [string, string])[];

function mime(maps: Partial<Record<keyof MimeSettings, Pairs>>): DirectorySettings {
  const map = (pairs: Pairs | undefined) => new Map(pairs ?? []);
  return {
    mime: {
      types: map(maps.types),
      encodings: map(maps.encodings),
      charsets: map(maps.charsets),
      languages: map(maps.languages),
      handlers: map(maps.handlers),
    },
  };
}

function typeOf(name: string, settings: DirectorySettings = {}): string | undefined {
  return describeContent(name, DEFAULT_MEDIA_TYPES, settings).type;
}

test('a file of mime.types is read, comments and lonely types left out', () => {
  const types = parseMediaTypes('# comment\ntext/html\t html HTM # more\n\ntext/lonely\n');
  assert.deepEqual(
    [...types],
    [
      ['html', 'text/html'],
      ['htm', 'text/html'],
    ],
  );
});

test('the last extension that is known decides', () => {
  assert.equal(typeOf('a.tar.gz'), 'application/gzip');
  assert.equal(typeOf('p.html.fr'), 'text/html');
  assert.equal(typeOf('X.HTML'), 'text/html');
});

test('an unknown or missing extension has no type', () => {
  for (const name of ['file.unknown', 'README', 'html', '.html', '']) assert.equal(typeOf(name), undefined, name);
});

test('AddType goes before the table, ForceType before both', () => {
  const settings = mime({ types: [['unknown', 'text/x-weird']] });
  assert.equal(typeOf('a.unknown', settings), 'text/x-weird');
  assert.equal(typeOf('a.unknown', { ...settings, forceType: 'image/gif' }), 'image/gif');
  assert.equal(typeOf('a.unknown', { ...settings, forceType: 'None' }), 'text/x-weird');
});

test('the default charset is for plain text and HTML without a charset of their own', () => {
  const settings = { ...mime({ charsets: [['sjis', 'Shift_JIS']] }), defaultCharset: 'utf-8' };
  assert.equal(typeOf('a.txt', settings), 'text/plain; charset=utf-8');
  assert.equal(typeOf('a.html', settings), 'text/html; charset=utf-8');
  assert.equal(typeOf('a.css', settings), 'text/css');
  assert.equal(typeOf('a.html.sjis', settings), 'text/html; charset=Shift_JIS');
});

test('encodings and languages gather over all extensions', () => {
  const settings = mime({
    encodings: [
      ['gz', 'x-gzip'],
      ['z', 'x-compress'],
    ],
    languages: [['fr', 'fr']],
    types: [['gz', 'text/x-should-not']],
  });
  const facts = describeContent('page.html.fr.z.gz', new Map([['html', 'text/html']]), settings);
  assert.deepEqual([facts.encoding, facts.language], ['x-compress, x-gzip', 'fr']);
});

test('types and handlers that stand for programs are told', () => {
  assert.equal(
    describeContent('a.php', new Map(), mime({ types: [['php', 'application/x-httpd-php']] })).handler,
    'application/x-httpd-php',
  );
  assert.equal(describeContent('a.cgi', new Map(), mime({ handlers: [['cgi', 'cgi-script']] })).handler, 'cgi-script');
  assert.equal(describeContent('a.asis', new Map(), mime({ handlers: [['asis', 'send-as-is']] })).handler, undefined);
  assert.equal(describeContent('a.html', DEFAULT_MEDIA_TYPES, {}).handler, undefined);
});
