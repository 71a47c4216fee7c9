// The numbers of AJP/1.3: magics, packet and attribute codes, method and header tables, sizes. Floor 2, wire/ajp.
// Source: the AJP/1.3 protocol reference of the Tomcat connectors, held against mod_proxy_ajp 2.4.71, mod_jk 1.2.48 and
// Tomcat 10.1.60; docs/reference/ajp13.md says what each of them does.

import { FIELD, FIELD_ID_COUNT, type FieldName } from '../../base/field-names.ts';

/** First two octets of every packet from the front end to the container. */
export const REQUEST_MAGIC = 0x1234;
/** First two octets of every packet from the container to the front end: "AB". */
export const RESPONSE_MAGIC = 0x4142;

/** Octets of a packet before its payload: magic and payload length. */
export const FRAME_BYTES = 4;
/** Whole packet, frame included, that both ends use unless told otherwise. */
export const PACKET_SIZE_DEFAULT = 8192;
/** The largest packet that either peer can be told to use (`packetSize`, `max_packet_size`, `ProxyIOBufferSize`). */
export const PACKET_SIZE_MAX = 65536;
/** Length field of a null string; no octets and no terminator follow. */
export const NULL_STRING = 0xffff;
/** High octet of a coded header name; no spelled name is that long. */
export const FIELD_CODE_MARK = 0xa0;

/** Octets before the body octets of a DATA packet: frame and count. */
export const DATA_HEADER_BYTES = 6;
/** Octets before the body octets of a SEND_BODY_CHUNK packet: frame, code, count. */
export const CHUNK_HEADER_BYTES = 7;
/** Tomcat and both httpd modules want one octet more than the count says. */
export const CHUNK_TRAILER_BYTES = 1;

/** Most request body octets in one DATA packet (8186 of 8192). */
export function dataBytesMax(packetSize: number): number {
  return packetSize - DATA_HEADER_BYTES;
}

/** Most response body octets in one SEND_BODY_CHUNK packet (8184 of 8192). */
export function chunkBytesMax(packetSize: number): number {
  return packetSize - CHUNK_HEADER_BYTES - CHUNK_TRAILER_BYTES;
}

/** Codes of packets from the front end; a DATA packet has none. */
export const FORWARD_REQUEST = 0x02;
export const SHUTDOWN = 0x07;
export const CPING = 0x0a;

/** Codes of packets from the container. */
export const SEND_BODY_CHUNK = 0x03;
export const SEND_HEADERS = 0x04;
export const END_RESPONSE = 0x05;
export const GET_BODY_CHUNK = 0x06;
export const CPONG = 0x09;

/** Codes of request attributes. */
export const ATTRIBUTE_CONTEXT = 0x01;
export const ATTRIBUTE_SERVLET_PATH = 0x02;
export const ATTRIBUTE_REMOTE_USER = 0x03;
export const ATTRIBUTE_AUTH_TYPE = 0x04;
export const ATTRIBUTE_QUERY_STRING = 0x05;
export const ATTRIBUTE_JVM_ROUTE = 0x06;
export const ATTRIBUTE_SSL_CERT = 0x07;
export const ATTRIBUTE_SSL_CIPHER = 0x08;
export const ATTRIBUTE_SSL_SESSION = 0x09;
export const ATTRIBUTE_NAMED = 0x0a;
export const ATTRIBUTE_SSL_KEY_SIZE = 0x0b;
export const ATTRIBUTE_SECRET = 0x0c;
export const ATTRIBUTE_STORED_METHOD = 0x0d;
export const ATTRIBUTES_DONE = 0xff;

/** Named attributes that Tomcat accepts without `allowedRequestAttributesPattern`, as both modules send them. */
export const REMOTE_PORT_ATTRIBUTE = 'AJP_REMOTE_PORT';
export const LOCAL_ADDRESS_ATTRIBUTE = 'AJP_LOCAL_ADDR';
export const SSL_PROTOCOL_ATTRIBUTE = 'AJP_SSL_PROTOCOL';
export const LB_ACTIVATION_ATTRIBUTE = 'JK_LB_ACTIVATION';

/** Code that says "the method stands in attribute 0x0D". */
export const STORED_METHOD = 0xff;

/** Methods that have a code of their own; the code is the index. */
export const METHODS: readonly string[] = [
  '',
  'OPTIONS',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'TRACE',
  'PROPFIND',
  'PROPPATCH',
  'MKCOL',
  'COPY',
  'MOVE',
  'LOCK',
  'UNLOCK',
  'ACL',
  'REPORT',
  'VERSION-CONTROL',
  'CHECKIN',
  'CHECKOUT',
  'UNCHECKOUT',
  'SEARCH',
  'MKWORKSPACE',
  'UPDATE',
  'LABEL',
  'MERGE',
  'BASELINE-CONTROL',
  'MKACTIVITY',
];

const codesByMethod = new Map(METHODS.map((method, code) => [method, code] as const).slice(1));

/** Code of a method, `STORED_METHOD` when it has none. Methods are case-sensitive (RFC 9110 §9.1). */
export function methodCode(method: string): number {
  return codesByMethod.get(method) ?? STORED_METHOD;
}

/** Request header names from code 0xA001 on. */
const REQUEST_FIELDS: readonly FieldName[] = [
  'Accept',
  'Accept-Charset',
  'Accept-Encoding',
  'Accept-Language',
  'Authorization',
  'Connection',
  'Content-Type',
  'Content-Length',
  'Cookie',
  'Cookie2',
  'Host',
  'Pragma',
  'Referer',
  'User-Agent',
];

/** Response header names from code 0xA001 on. */
const RESPONSE_FIELDS: readonly FieldName[] = [
  'Content-Type',
  'Content-Language',
  'Content-Length',
  'Date',
  'Last-Modified',
  'Location',
  'Set-Cookie',
  'Set-Cookie2',
  'Servlet-Engine',
  'Status',
  'WWW-Authenticate',
];

/** Which header names have a code, both ways. Codes are the low octet: 0xA001 is 1; 0 is "none" in both tables. */
export interface FieldCodes {
  readonly codeById: Uint8Array;
  /** One entry for every possible low octet. */
  readonly idByCode: Uint8Array;
}

function fieldCodes(names: readonly FieldName[]): FieldCodes {
  const codeById = new Uint8Array(FIELD_ID_COUNT);
  const idByCode = new Uint8Array(256);
  names.forEach((name, index) => {
    codeById[FIELD[name]] = index + 1;
    idByCode[index + 1] = FIELD[name];
  });
  return { codeById, idByCode };
}

export const REQUEST_FIELD_CODES: FieldCodes = fieldCodes(REQUEST_FIELDS);
export const RESPONSE_FIELD_CODES: FieldCodes = fieldCodes(RESPONSE_FIELDS);
