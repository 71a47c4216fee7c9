// Random heads, requests and conversations for fast-check, and the octets a correct peer would send for them.

import fc from 'fast-check';
import { CANONICAL_NAMES, fieldId } from '../../../../src/base/field-names.ts';
import { Fields } from '../../../../src/base/fields.ts';
import { ResponseHead } from '../../../../src/base/head.ts';
import { METHODS } from '../../../../src/wire/ajp/constants.ts';
import { ForwardRequest } from '../../../../src/wire/ajp/forward-request.ts';

const TOKEN_CHARS = [..."!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz"];

const token = fc.string({ unit: fc.constantFrom(...TOKEN_CHARS), minLength: 1, maxLength: 40 });

/** Latin1 text without CR, LF, NUL; short ones often, so that both ways of copying are used. */
export const lineText = fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ maxLength: 200 })).map((octets) =>
  Buffer.from(octets)
    .toString('latin1')
    .replace(/[\r\n\0]/g, '.'),
);

const anyText = fc.uint8Array({ maxLength: 60 }).map((octets) => Buffer.from(octets).toString('latin1'));

const fieldName = fc.oneof(
  fc.constantFrom(...CANONICAL_NAMES.slice(1)),
  fc.constantFrom('content-type', 'COOKIE', 'x-a', 'X-A', 'X-B', 'x-forwarded-proto'),
  token,
);

/** Fields without Content-Length and Transfer-Encoding, which have rules of their own. */
export const fieldList = fc
  .array(fc.tuple(fieldName, lineText), { maxLength: 30 })
  .map((list) => list.filter(([name]) => !/^(content-length|transfer-encoding)$/i.test(name)));

export function fieldsOf(list: readonly (readonly [string, string])[]): Fields {
  const fields = new Fields();
  for (const [name, value] of list) fields.add(name, value);
  return fields;
}

/** What `entries()` says after a passage over the wire: coded names lose their spelling. */
export function afterWire(
  list: readonly (readonly [string, string])[],
  codeById: Uint8Array,
): (readonly [string, string])[] {
  return list.map(([name, value]) => {
    const id = fieldId(name);
    return [codeById[id] === 0 ? name : CANONICAL_NAMES[id], value] as const;
  });
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

/** A request with any facts; its fields stand beside it as the list they were made of. */
export const forwardRequest = fc
  .record({
    method: fc.oneof(fc.constantFrom(...METHODS.slice(1)), fc.constantFrom('PATCH', 'get'), token),
    protocol: fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', ''),
    uri: lineText.map((text) => `/${text}`),
    remoteAddress: maybe(lineText),
    remoteHost: maybe(lineText),
    serverName: maybe(lineText),
    serverPort: fc.nat({ max: 65535 }),
    isSecure: fc.boolean(),
    context: maybe(anyText),
    servletPath: maybe(anyText),
    secret: maybe(anyText),
    remoteUser: maybe(lineText),
    authType: maybe(lineText),
    queryString: maybe(lineText),
    jvmRoute: maybe(anyText),
    sslCert: maybe(anyText),
    sslCipher: maybe(anyText),
    sslSession: maybe(anyText),
    sslKeySize: maybe(fc.nat({ max: 65535 })),
    attributes: fc.array(
      fc.tuple(
        anyText.filter((text) => text !== ''),
        anyText,
      ),
      { maxLength: 8 },
    ),
    list: fieldList,
  })
  .map(({ attributes, list, ...facts }) => {
    const request = Object.assign(new ForwardRequest(fieldsOf(list)), facts);
    for (const [name, value] of attributes) request.addAttribute(name, value);
    return { request, list };
  });

export const responseHead = fc
  .record({ status: fc.integer({ min: 200, max: 999 }), reason: lineText, list: fieldList })
  .map(({ status, reason, list }) => {
    const head = new ResponseHead();
    head.status = status;
    head.reason = reason;
    for (const [name, value] of list) head.fields.add(name, value);
    return { head, list };
  });

/** A body in pieces, none of them empty. */
export const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 12 });

/** Where to cut: fractions of the whole, to be scaled to its size. */
export const cutFractions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

export function cutsOf(fractions: readonly number[], size: number): number[] {
  return fractions.map((fraction) => Math.floor(fraction * size)).sort((a, b) => a - b);
}
