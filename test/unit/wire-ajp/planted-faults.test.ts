// The specification is worth what it finds: each of these plants one fault in the codec and expects to be told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELD } from '../../../src/base/field-names.ts';
import { REQUEST_FIELD_CODES, RESPONSE_FIELD_CODES } from '../../../src/wire/ajp/constants.ts';
import { Gathering } from '../../../src/wire/ajp/gathering.ts';
import { ResponseDecoder } from '../../../src/wire/ajp/response-decoder.ts';
import {
  calls,
  checkCall,
  checkRequest,
  checkResponse,
  checkTables,
  requestCases,
  responseCases,
} from './support/check.ts';

/** True when some case or table shows the fault. The suite without one is spec.test.ts. */
function isFound(plant: () => void, repair: () => void): boolean {
  plant();
  try {
    return (
      requestCases.some((one) => checkRequest(one).length > 0) ||
      responseCases.some((one) => checkResponse(one).length > 0)
    );
  } finally {
    repair();
  }
}

test('two request header codes that changed places are found when they are read', () => {
  const { idByCode } = REQUEST_FIELD_CODES;
  const set = (host: number, pragma: number) => {
    idByCode[0x0b] = host;
    idByCode[0x0c] = pragma;
  };
  const found = isFound(
    () => set(FIELD.Pragma, FIELD.Host),
    () => set(FIELD.Host, FIELD.Pragma),
  );
  assert.ok(found);
});

test('a response header that lost its code is found when it is written', () => {
  const { codeById } = RESPONSE_FIELD_CODES;
  const id = FIELD['Set-Cookie'];
  const found = isFound(
    () => codeById.fill(0, id, id + 1),
    () => codeById.fill(0x07, id, id + 1),
  );
  assert.ok(found);
});

test('a decoder that keeps borrowed octets is found', () => {
  const honest = Gathering.prototype.take;
  const found = isFound(
    () => {
      Gathering.prototype.take = function (from, start, end, size) {
        const isFirst = this.used === 0;
        const at = honest.call(this, from, start, end, size);
        if (isFirst) this.bytes = from.subarray(start, end);
        return at;
      };
    },
    () => {
      Gathering.prototype.take = honest;
    },
  );
  assert.ok(found);
});

test('two rows of a code table that changed places are found, both ways', () => {
  const { idByCode, codeById } = RESPONSE_FIELD_CODES;
  const swap = () => {
    [idByCode[1], idByCode[2]] = [idByCode[2], idByCode[1]];
    [codeById[idByCode[1]], codeById[idByCode[2]]] = [1, 2];
  };
  swap();
  try {
    assert.notDeepEqual(checkTables(), []);
  } finally {
    swap();
  }
  assert.deepEqual(checkTables(), []);
});

test('a decoder that loses its place when a packet is cut is found', () => {
  const honest = ResponseDecoder.prototype.decode;
  const found = isFound(
    () => {
      // Swallows every piece of two octets.
      ResponseDecoder.prototype.decode = function (bytes, start, end, sink) {
        return end - start === 2 ? end : honest.call(this, bytes, start, end, sink);
      };
    },
    () => {
      ResponseDecoder.prototype.decode = honest;
    },
  );
  assert.ok(found);
});

test('a call that writes something else is found', () => {
  const [call] = calls;
  assert.ok(call !== undefined);
  assert.notDeepEqual(checkCall({ ...call, bytes: Buffer.from('12340001', 'hex') }), []);
});

test('an event that does not come is found', () => {
  const one = responseCases[0];
  assert.ok(one !== undefined);
  assert.notDeepEqual(checkResponse({ ...one, events: [...one.events, 'flush'] }), []);
});
