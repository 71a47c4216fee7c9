// Text into HTML and XML, and numbers as httpd's pages show them.

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Makes text harmless in content and in quoted attributes, of HTML and XML alike. */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** The same for content and attributes in double quotes: single quotes stay, where readers of pages expect them. */
export function escapeQuoted(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]);
}

/** Octets of a query value that is read back unchanged, in the style of httpd's links: `:` and `/` stay. */
export function escapeLink(text: string): string {
  return text.replace(
    /[^A-Za-z0-9$\-_.!*(),:@/~;]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

const UNITS = 'KMGTPE';
/** From here on a number has too many digits for the three columns, so the next unit is used. */
const UNIT_MAX = 973;

/** A size in four columns: `336 `, `2.1K`, ` 12M`; below ten with one decimal. As Apache's runtime prints sizes. */
export function shortSize(bytes: number): string {
  if (bytes < UNIT_MAX) return `${String(bytes).padStart(3)} `;
  let whole = bytes;
  let rest = 0;
  let unit = -1;
  do {
    rest = whole % 1024;
    whole = Math.floor(whole / 1024);
    unit++;
  } while (whole >= UNIT_MAX && unit < UNITS.length - 1);
  if (whole < 9 || (whole === 9 && rest < UNIT_MAX)) {
    const tenths = Math.floor((rest * 5 + 256) / 512);
    return tenths >= 10 ? `${whole + 1}.0${UNITS[unit]}` : `${whole}.${tenths}${UNITS[unit]}`;
  }
  return `${String(rest >= 512 ? whole + 1 : whole).padStart(3)}${UNITS[unit]}`;
}

/** Hundredths with two decimals: 150 is `1.50`. */
export function hundredths(value: number): string {
  return (value / 100).toFixed(2);
}
