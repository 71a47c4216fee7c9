// Parameters of a manager's request, from a query or a form, as httpd's managers read them: names in any letter case,
// values decoded twice, the last of a name wins. Texts are octets (latin1 view).

/** By name in lower case. */
export type Parameters = ReadonlyMap<string, string>;

/** Reads `a=1&b=2`. @param allowed the only names that are taken, compared letter by letter; undefined takes all */
export function readParameters(text: string, allowed?: ReadonlySet<string>): Parameters {
  const parameters = new Map<string, string>();
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=');
    const name = decodeOnce(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decodeOnce(decodeOnce(pair.slice(equals + 1)));
    if (name !== '' && (allowed === undefined || allowed.has(name))) parameters.set(name.toLowerCase(), value);
  }
  return parameters;
}

/** `%XX` once; `+` stays, and so does what is no escape. A zero octet ends the text, as in C. */
export function decodeOnce(text: string): string {
  const decoded = text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const zero = decoded.indexOf('\0');
  return zero < 0 ? decoded : decoded.slice(0, zero);
}

/** The number C's atof would read, hexadecimal ones too; 0 when there is none. */
export function leadingNumber(text: string): number {
  const match = /^\s*([+-]?)(0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)/i.exec(text);
  if (match === null) return 0;
  return match[1] === '-' ? -Number(match[2]) : Number(match[2]);
}

/** Host name in the Referer, lower case; undefined when it has none or cannot be read. */
export function refererHost(referer: string | undefined): string | undefined {
  const match = /^(?:[a-z][a-z0-9+.-]*:)?\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(?::\d*)?(?:[/?#]|$)/i.exec(
    referer ?? '',
  );
  return match === null || match[1] === '' ? undefined : match[1].toLowerCase();
}
