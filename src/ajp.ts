// `catflap/ajp`: the AJP/1.3 codec, both directions, without sockets. Enough to write a front end, a container, a proxy
// between them, or a tool that reads a capture.

/**
 * A front end, in short:
 *
 * ```ts
 * import { connect } from 'node:net';
 * import { encodeForwardRequest, ForwardRequest, ResponseDecoder, ResponseHead } from 'catflap/ajp';
 *
 * const request = new ForwardRequest();
 * request.uri = '/examples/';
 * request.serverName = 'www.example.test';
 * request.fields.add('Host', 'www.example.test');
 *
 * const decoder = new ResponseDecoder();
 * decoder.expectResponse(new ResponseHead());
 * const sink = {
 *   head: (head) => console.log(head.status, head.fields.entries()),
 *   body: (bytes, start, end) => process.stdout.write(bytes.toString('latin1', start, end)),
 *   flush: () => {},
 *   wantBody: () => socket.write(BODY_END_PACKET),
 *   end: () => socket.end(),
 *   pong: () => {},
 *   failed: (failure) => socket.destroy(failure),
 * };
 * const packet = Buffer.alloc(PACKET_SIZE_DEFAULT);
 * const socket = connect(8009, '127.0.0.1');
 * socket.write(packet.subarray(0, encodeForwardRequest(request, packet, 0, packet.length)));
 * socket.on('data', (bytes) => decoder.decode(bytes, 0, bytes.length, sink));
 * socket.on('end', () => decoder.inputEnded(sink));
 * ```
 *
 * Bytes given to a sink are borrowed: they mean nothing after the call returns. Encoders write into the caller's buffer
 * and return the position after what they wrote, -1 when a packet would be too large. Decoders report every fault of the
 * peer as a `Failure` whose code is one of `AJP_FAILURE_CODES`, and throw nothing.
 */
export { Failure } from './base/failure.ts';
export { Fields } from './base/fields.ts';
export { RequestHead, ResponseHead, UNKNOWN_LENGTH } from './base/head.ts';
export {
  CHUNK_HEADER_BYTES,
  CHUNK_TRAILER_BYTES,
  chunkBytesMax,
  DATA_HEADER_BYTES,
  dataBytesMax,
  LB_ACTIVATION_ATTRIBUTE,
  LOCAL_ADDRESS_ATTRIBUTE,
  PACKET_SIZE_DEFAULT,
  PACKET_SIZE_MAX,
  REMOTE_PORT_ATTRIBUTE,
  SSL_PROTOCOL_ATTRIBUTE,
} from './wire/ajp/constants.ts';
export { AJP_FAILURE_CODES, type AjpFailureCode } from './wire/ajp/failures.ts';
export { encodeForwardRequest, ForwardRequest } from './wire/ajp/forward-request.ts';
export {
  BODY_END_PACKET,
  CPING_PACKET,
  EMPTY_PACKET,
  encodeCping,
  encodeDataHeader,
} from './wire/ajp/front-packets.ts';
export { RequestDecoder, type RequestDecoderOptions, type RequestSink } from './wire/ajp/request-decoder.ts';
export { DecodedRequest } from './wire/ajp/request-reader.ts';
export { ResponseDecoder, type ResponseSink } from './wire/ajp/response-decoder.ts';
export {
  CONTROL_PACKET_BYTES,
  CPONG_PACKET,
  encodeBodyChunkHeader,
  encodeBodyChunkTrailer,
  encodeCpong,
  encodeEndResponse,
  encodeFlushChunk,
  encodeGetBodyChunk,
  encodeSendHeaders,
} from './wire/ajp/response-encoder.ts';
