// AJP 1.3 as the container's side of it, for tests: reads forwarded requests, builds response packets. Shares no line
// with the product's codec, because it is what that codec is judged by. docs/reference/ajp13.md has the layout.

const METHODS = (
  'OPTIONS GET HEAD POST PUT DELETE TRACE PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK ACL REPORT VERSION-CONTROL ' +
  'CHECKIN CHECKOUT UNCHECKOUT SEARCH MKWORKSPACE UPDATE LABEL MERGE BASELINE_CONTROL MKACTIVITY'
).split(' ');
const REQUEST_HEADERS = (
  'accept accept-charset accept-encoding accept-language authorization connection content-type content-length cookie ' +
  'cookie2 host pragma referer user-agent'
).split(' ');
const RESPONSE_HEADERS = (
  'content-type content-language content-length date last-modified location set-cookie set-cookie2 servlet-engine ' +
  'status www-authenticate'
).split(' ');
const ATTRIBUTES = (
  'context servlet_path remote_user auth_type query_string jvm_route ssl_cert ssl_cipher ssl_session req_attribute ' +
  'ssl_key_size secret stored_method'
).split(' ');

export type NameValue = [name: string, value: string | number | null];

/** A forwarded request as the container reads it. Coded header names look like `#A00B:host`. */
export interface ForwardedRequest {
  method_code: number;
  method: string;
  protocol: string | null;
  uri: string;
  remote_addr: string | null;
  remote_host: string | null;
  server_name: string | null;
  server_port: number;
  is_ssl: number;
  headers: NameValue[];
  attributes: NameValue[];
  packet_len: number;
}

export const FORWARD_REQUEST = 2;
export const SHUTDOWN = 7;
export const CPING = 10;
/** Largest piece of a body in one packet of the usual 8192 bytes: toward the container, and from it. */
export const REQUEST_CHUNK = 8186;
export const RESPONSE_CHUNK = 8184;

/** Reads the payload of a FORWARD_REQUEST packet. @throws RangeError when the payload is cut short */
export function readForwardRequest(payload: Buffer): ForwardedRequest {
  let at = 1;
  const u8 = () => payload.readUInt8(at++);
  const u16 = () => {
    at += 2;
    return payload.readUInt16BE(at - 2);
  };
  const text = (): string | null => {
    const length = u16();
    if (length === 0xffff) return null;
    if (at + length + 1 > payload.length) throw new RangeError('a string leaves the packet');
    at += length + 1;
    return payload.toString('latin1', at - length - 1, at - 1);
  };

  const code = u8();
  const request: ForwardedRequest = {
    method_code: code,
    method: code === 0xff ? 'STORED' : (METHODS[code - 1] ?? String(code)),
    protocol: text(),
    uri: text() ?? '',
    remote_addr: text(),
    remote_host: text(),
    server_name: text(),
    server_port: u16(),
    is_ssl: u8(),
    headers: [],
    attributes: [],
    packet_len: payload.length,
  };
  for (let count = u16(); count > 0; count--) {
    const coded = payload.readUInt16BE(at);
    let name: string;
    if (coded >> 8 === 0xa0) {
      at += 2;
      name = `#${coded.toString(16).toUpperCase()}:${REQUEST_HEADERS[(coded & 0xff) - 1] ?? 'None'}`;
    } else name = text() ?? '';
    request.headers.push([name, text()]);
  }
  while (at < payload.length) {
    const attribute = u8();
    if (attribute === 0xff) break;
    if (attribute === 10) request.attributes.push([`req_attribute:${text()}`, text()]);
    else if (attribute === 11) request.attributes.push(['ssl_key_size', u16()]);
    else request.attributes.push([ATTRIBUTES[attribute - 1] ?? String(attribute), text()]);
  }
  return request;
}

/** A packet toward the front: `AB`, length, payload. */
export function packet(...payload: (Buffer | number[])[]): Buffer {
  const body = Buffer.concat(payload.map((part) => (Buffer.isBuffer(part) ? part : Buffer.from(part))));
  const head = Buffer.from([0x41, 0x42, 0, 0]);
  head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}

export function sendHeaders(status: number, reason: string, headers: readonly [string, string][]): Buffer {
  return packet(
    [4],
    u16Bytes(status),
    textBytes(reason),
    u16Bytes(headers.length),
    ...headers.flatMap(([name, value]) => {
      const known = RESPONSE_HEADERS.indexOf(name.toLowerCase());
      return [known < 0 ? textBytes(name) : u16Bytes(0xa001 + known), textBytes(value)];
    }),
  );
}

export function sendBodyChunk(data: Buffer): Buffer {
  return packet([3], u16Bytes(data.length), data, [0]);
}

export function endResponse(reuse: number): Buffer {
  return packet([5, reuse]);
}

export function getBodyChunk(size: number): Buffer {
  return packet([6], u16Bytes(size));
}

export function cpong(): Buffer {
  return packet([9]);
}

function u16Bytes(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function textBytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([u16Bytes(bytes.length), bytes, Buffer.from([0])]);
}
