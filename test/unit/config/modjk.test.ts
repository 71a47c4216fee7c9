import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Findings } from '../../../src/config/finding.ts';
import { PROPERTY_LIMITS, readProperties, readProperty } from '../../../src/config/modjk/properties.ts';
import { PropertyTable, type Repetition, TABLE_LIMITS } from '../../../src/config/modjk/property-table.ts';

function read(text: string): { pairs: string[]; told: string[] } {
  const findings = new Findings();
  const pairs = readProperties(text, 'f', findings).map(({ key, value, place }) => `${place.line}:${key}=${value}`);
  return { pairs, told: findings.list.map(({ severity, code, line }) => `${severity} ${code} ${line}`) };
}

interface TableChoices {
  readonly environment?: Record<string, string>;
  readonly repetition?: (key: string) => Repetition;
}

function tableOf(text: string, { environment = {}, repetition = () => 'last' }: TableChoices = {}) {
  const findings = new Findings();
  const table = new PropertyTable(environment, repetition, findings);
  for (const property of readProperties(text, 'f', findings)) table.add(property);
  table.resolveReferences();
  return {
    table,
    lines: table.entries.map(({ key, value }) => `${key}=${value}`),
    told: findings.list.map(({ severity, code, line }) => `${severity} ${code} ${line}`),
    messages: findings.list.map(({ message }) => message),
  };
}

test('white space around names and values does not count, nor does a line end of Windows', () => {
  assert.deepEqual(read('  a \t=  b c\t \r\n\vd\f=e').pairs, ['1:a=b c', '2:d=e']);
});

test('a hash ends a line wherever it stands', () => {
  assert.deepEqual(read('# a=b\na=b # c\n#\na=b#c=d').pairs, ['2:a=b', '4:a=b']);
});

test('a hash is nothing special in a single line', () => {
  assert.equal(readProperty('a=b#c', { file: 'f', line: 1 }, new Findings())?.value, 'b#c');
});

test('only the first equals sign divides', () => {
  assert.deepEqual(read('a=b=c').pairs, ['1:a=b=c']);
});

test('no line is continued', () => {
  assert.deepEqual(read('a=b\\\nc=d'), { pairs: ['1:a=b\\', '2:c=d'], told: [] });
  assert.deepEqual(read('a=b,\\\n  c').told, ['warning property-ignored 2']);
});

test('a line without name, value or equals sign is ignored and told', () => {
  const { pairs, told } = read('a\n=b\na=\n a = # c\nd=e');
  assert.deepEqual(pairs, ['5:d=e']);
  assert.deepEqual(
    told,
    [1, 2, 3, 4].map((line) => `warning property-ignored ${line}`),
  );
});

test('octets stay octets', () => {
  const findings = new Findings();
  const text = Buffer.from('a=Zürich\u00a0').toString('latin1');
  assert.equal(Buffer.from(readProperties(text, 'f', findings)[0].value, 'latin1').toString(), 'Zürich\u00a0');
});

test('a byte order mark is told, and no part of the first name', () => {
  assert.deepEqual(read(`${Buffer.from('\ufeff').toString('latin1')}a=b`), {
    pairs: ['1:a=b'],
    told: ['warning byte-order-mark 1'],
  });
});

test('a line that is too long is an error', () => {
  assert.deepEqual(read(`a=${'x'.repeat(PROPERTY_LIMITS.lineBytes)}`).told, ['error line-too-long 1']);
});

test('reading ends with an error when a file has too many properties', () => {
  const { pairs, told } = read('a=b\n'.repeat(PROPERTY_LIMITS.properties + 2));
  assert.equal(pairs.length, PROPERTY_LIMITS.properties);
  assert.deepEqual(told, [`error config-limit ${PROPERTY_LIMITS.properties + 1}`]);
});

test('a variable stands for what was defined before, then for the environment', () => {
  const { lines } = tableOf('a=$(HOME)\nHOME=there\nb=$(HOME)/$(a)', { environment: { HOME: '/root' } });
  assert.deepEqual(lines, ['a=/root', 'HOME=there', 'b=there//root']);
});

test('what a variable stands for is not looked through again', () => {
  assert.deepEqual(tableOf('c=d\na=$(b)\nb=x$(c)\ne=$(a)', { environment: { b: '$(c)' } }).lines, [
    'c=d',
    'a=$(c)',
    'b=xd',
    'e=$(c)',
  ]);
});

test('a variable that is not defined stays as it is, and is told with what looks like it', () => {
  const { lines, told, messages } = tableOf('ports=1\na=$(port)$(b\nb=x$(nothing)y');
  assert.deepEqual(lines, ['ports=1', 'a=$(port)$(b', 'b=x$(nothing)y']);
  assert.deepEqual(told, ['warning unknown-variable 2', 'warning unknown-variable 3']);
  assert.match(messages[0], /did you mean \$\(ports\)/);
});

test('variables cannot grow without end', () => {
  const doubling = Array.from({ length: 40 }, (_, i) => `v${i + 1}=$(v${i})$(v${i})`).join('\n');
  const { told } = tableOf(`v0=${'x'.repeat(100)}\n${doubling}`);
  assert.match(told[0], /^error config-limit/);
});

test('a value has its first variables replaced, and not more', () => {
  const { table } = tableOf(`v=x\na=${'$(v)'.repeat(TABLE_LIMITS.replacements + 2)}`);
  assert.equal(table.get('a')?.value, `${'x'.repeat(TABLE_LIMITS.replacements)}$(v)$(v)`);
});

test('a list grows, another value is overruled by the last or stays the first', () => {
  const repetition = (key: string): Repetition => (key === 'l' ? 'grows' : key === 'f' ? 'first' : 'last');
  const { lines, table } = tableOf('l=a b\nf=1\nv=1\nl=c\nf=2\nv=2', { repetition });
  assert.deepEqual(lines, ['l=a b,c', 'f=1', 'v=2']);
  assert.deepEqual(
    table.get('l')?.parts.map(({ place }) => place.line),
    [1, 4],
  );
  assert.deepEqual(table.get('f')?.overruled, [{ value: '2', place: { file: 'f', line: 5 } }]);
  assert.deepEqual(table.get('v')?.overruled, [{ value: '1', place: { file: 'f', line: 3 } }]);
  assert.equal(table.get('v')?.place.line, 6);
});

// worker.<name>.reference
test('reference takes over what the other worker has and this one has not', () => {
  const { lines, table } = tableOf('worker.b.reference=worker.a\nworker.b.port=2\nworker.a.port=1\nworker.a.host=h');
  assert.deepEqual(lines.slice(4), ['worker.b.host=h']);
  assert.equal(table.get('worker.b.port')?.value, '2');
  assert.equal(table.get('worker.b.host')?.place.line, 4);
});

test('references are followed through others', () => {
  const { table } = tableOf('worker.c.reference=worker.b\nworker.b.reference=worker.a\nworker.a.host=h');
  assert.equal(table.get('worker.c.host')?.value, 'h');
});

test('references that form a loop are an error', () => {
  assert.deepEqual(tableOf('worker.a.reference=worker.b\nworker.b.reference=worker.a').told, [
    'error reference-loop 1',
    'error reference-loop 2',
  ]);
  assert.deepEqual(tableOf('worker.a.reference=worker.a').told, ['error reference-loop 1']);
});

test('references are followed twenty deep and no deeper', () => {
  const chain = (length: number) =>
    `worker.w0.host=h\n${Array.from({ length }, (_, i) => `worker.w${i + 1}.reference=worker.w${i}`)
      .reverse()
      .join('\n')}`;
  assert.deepEqual(tableOf(chain(TABLE_LIMITS.referenceDepth)).told, []);
  assert.deepEqual(tableOf(chain(TABLE_LIMITS.referenceDepth + 1)).told, ['error reference-loop 22']);
});

test('a reference to nothing is an error with what looks like it', () => {
  const { told, messages } = tableOf('worker.tomcat1.host=h\nworker.b.reference=worker.tomcat2');
  assert.deepEqual(told, ['error unknown-reference 2']);
  assert.match(messages[0], /did you mean worker\.tomcat1\?/);
});
