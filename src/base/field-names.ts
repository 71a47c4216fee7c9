// Header field names the product knows by a small number, so that the byte path compares numbers instead of text.
// Place in the picture: floor 1; both wire protocols fill `Fields` with these ids. Sources: RFC 9110, RFC 9112,
// RFC 6265, ajp13.md §3–4 (the names that AJP codes).

/** Canonical spelling of every known name; a name's id is its index. Id 0 means "not known". */
export const CANONICAL_NAMES = [
  '',
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
  'Content-Language',
  'Date',
  'Last-Modified',
  'Location',
  'Set-Cookie',
  'Set-Cookie2',
  'Servlet-Engine',
  'Status',
  'WWW-Authenticate',
  'Transfer-Encoding',
  'Keep-Alive',
  'TE',
  'Trailer',
  'Upgrade',
  'Proxy-Connection',
  'Proxy-Authorization',
  'Proxy-Authenticate',
  'Expect',
  'Max-Forwards',
  'Via',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Server',
  'Server',
  'ETag',
  'Vary',
  'Cache-Control',
  'Expires',
  'Age',
  'Range',
  'Accept-Ranges',
  'Content-Range',
  'Content-Encoding',
  'Content-Location',
  'Content-Disposition',
  'If-Modified-Since',
  'If-None-Match',
  'If-Match',
  'If-Unmodified-Since',
  'If-Range',
  'Origin',
  'Upgrade-Insecure-Requests',
  'DNT',
  'Sec-Fetch-Site',
  'Sec-Fetch-Mode',
  'Sec-Fetch-User',
  'Sec-Fetch-Dest',
  'Sec-CH-UA',
  'Sec-CH-UA-Mobile',
  'Sec-CH-UA-Platform',
  'Allow',
  'URI',
  'Destination',
  'Retry-After',
  'Refresh',
  'Link',
  'Strict-Transport-Security',
  'X-Content-Type-Options',
  'X-Frame-Options',
  'Priority',
] as const;

export type FieldName = Exclude<(typeof CANONICAL_NAMES)[number], ''>;

/** One past the largest id. */
export const FIELD_ID_COUNT: number = CANONICAL_NAMES.length;

/** Id of each known name under its canonical spelling: `FIELD['Content-Type']`. */
export const FIELD: Readonly<Record<FieldName, number>> = Object.freeze(
  Object.fromEntries(CANONICAL_NAMES.map((name, id) => [name, id]).slice(1)),
) as Readonly<Record<FieldName, number>>;

/** Canonical spelling as bytes, by id. */
export const CANONICAL_BYTES: readonly Buffer[] = CANONICAL_NAMES.map((name) => Buffer.from(name, 'latin1'));

/** Lower-case spelling, by id. */
export const LOWER_NAMES: readonly string[] = CANONICAL_NAMES.map((name) => name.toLowerCase());

const HASH_SIZE = 1024;
const lowerBytes = LOWER_NAMES.map((name) => Buffer.from(name, 'latin1'));
const { multiplier, ids } = perfectHash();
/** All lower-case names in one array, each in its own room: a third faster to compare with than one buffer per name. */
const NAME_ROOM = 32;
const letters = new Uint8Array(lowerBytes.length * NAME_ROOM);
const lengths = new Uint8Array(lowerBytes.length);
for (const [id, name] of lowerBytes.entries()) {
  if (name.length > NAME_ROOM) throw new RangeError(`${CANONICAL_NAMES[id]} is longer than ${NAME_ROOM}`);
  letters.set(name, id * NAME_ROOM);
  lengths[id] = name.length;
}

/**
 * Tells the id of the field name in `bytes[start, end)`, in any letter case; 0 when it is not a known name.
 * The bytes must already be known to be token characters (RFC 9110 §5.6.2).
 */
export function identifyFieldName(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0) return 0;
  const id = ids[slot(bytes, start, length, multiplier)];
  if (id === 0) return 0;
  if (lengths[id] !== length) return 0;
  for (let i = start, n = id * NAME_ROOM; i < end; i++, n++) if ((bytes[i] | 0x20) !== letters[n]) return 0;
  return id;
}

const idsByLowerName = new Map<string, number>(LOWER_NAMES.map((name, id) => [name, id]));

/** Tells the id of a field name given as text, in any letter case; 0 when it is not a known name. */
export function fieldId(name: string): number {
  return idsByLowerName.get(name) ?? idsByLowerName.get(name.toLowerCase()) ?? 0;
}

/** Four bytes and the length tell any two known names apart; the multiplier spreads them. */
function slot(bytes: Uint8Array, start: number, length: number, factor: number): number {
  const first = bytes[start] | 0x20;
  const middle = bytes[start + (length >> 1)] | 0x20;
  const late = bytes[start + ((length * 3) >> 2)] | 0x20;
  const last = bytes[start + length - 1] | 0x20;
  return (
    (Math.imul(length + (first << 5) + (middle << 10) + (late << 15) + (last << 20), factor) >>> 15) & (HASH_SIZE - 1)
  );
}

/** Finds the first multiplier under which no two known names share a slot; the list is fixed, so it is found once. */
function perfectHash(): { multiplier: number; ids: Uint8Array } {
  for (let factor = 0x9e3779b1; ; factor = (factor + 2) >>> 0) {
    const table = new Uint8Array(HASH_SIZE);
    const fits = lowerBytes.every((name, id) => {
      if (id === 0) return true;
      const at = slot(name, 0, name.length, factor);
      if (table[at] !== 0) return false;
      table[at] = id;
      return true;
    });
    if (fits) return { multiplier: factor, ids: table };
  }
}
