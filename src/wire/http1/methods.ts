// Method tokens without an allocation: known methods are told from their octets, unknown ones become new strings.

/** Methods of RFC 9110, RFC 5789 and WebDAV (RFC 4918, 3253, 5323, 3744): those httpd knows by number. */
const KNOWN_METHODS = [
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'PROPPATCH',
  'MKCOL',
  'COPY',
  'MOVE',
  'LOCK',
  'UNLOCK',
  'ACL',
  'SEARCH',
  'REPORT',
  'VERSION-CONTROL',
  'CHECKOUT',
  'CHECKIN',
  'UNCHECKOUT',
  'UPDATE',
  'LABEL',
  'MERGE',
  'MKWORKSPACE',
  'MKACTIVITY',
  'BASELINE-CONTROL',
];

const byLength: { text: string; bytes: Buffer }[][] = [];
for (const text of KNOWN_METHODS) {
  for (let length = byLength.length; length <= text.length; length++) byLength.push([]);
  byLength[text.length].push({ text, bytes: Buffer.from(text, 'latin1') });
}

/** The method in `bytes[start, end)` as text. Case matters (RFC 9110 §9.1). */
export function methodText(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length < byLength.length) {
    const candidates = byLength[length];
    for (let c = 0; c < candidates.length; c++) {
      const known = candidates[c].bytes;
      let i = 0;
      while (i < length && bytes[start + i] === known[i]) i++;
      if (i === length) return candidates[c].text;
    }
  }
  return bytes.toString('latin1', start, end);
}
