// The lines of mod_jk's files, workers.properties and uriworkermap.properties, as keys and values with their place. White
// space around both is dropped, `#` ends a line anywhere, nothing continues a line (modjk.md §1.1). Texts are octets.

import { textOf } from '../files.ts';
import type { Findings, Place } from '../finding.ts';

export interface Property {
  readonly key: string;
  /** As written; never empty. */
  readonly value: string;
  readonly place: Place;
}

export const PROPERTY_LIMITS = {
  /** Octets of a line: mod_jk cuts a longer one into several. */
  lineBytes: 8192,
  /** Lines of one file that say something. */
  properties: 100_000,
} as const;

/** The properties of a file, in its order. A line that says nothing is told, and left out as in mod_jk. */
export function readProperties(text: string, file: string, findings: Findings): Property[] {
  const properties: Property[] = [];
  const isMarked = text.startsWith(BYTE_ORDER_MARK);
  const lines = text.slice(isMarked ? BYTE_ORDER_MARK.length : 0).split('\n');
  if (isMarked)
    findings.warn(
      { file, line: 1 },
      '',
      'byte-order-mark',
      'the file begins with a byte order mark, which to mod_jk is part of the first name; save it without',
    );
  for (let i = 0; i < lines.length; i++) {
    const place = { file, line: i + 1 };
    if (properties.length >= PROPERTY_LIMITS.properties) {
      findings.error(place, '', 'config-limit', `more than ${PROPERTY_LIMITS.properties} properties in one file`);
      break;
    }
    const property = readProperty(withoutComment(lines[i]), place, findings);
    if (property !== undefined) properties.push(property);
  }
  return properties;
}

/** One line, in which `#` is nothing special (JkWorkerProperty); undefined when there is no property in it. */
export function readProperty(line: string, place: Place, findings: Findings): Property | undefined {
  const text = trimmed(line);
  if (text === '') return undefined;
  if (text.length > PROPERTY_LIMITS.lineBytes) {
    findings.error(
      place,
      '',
      'line-too-long',
      `the line has more than ${PROPERTY_LIMITS.lineBytes} octets; shorten it`,
    );
    return undefined;
  }
  const equals = text.indexOf('=');
  const key = trimmed(text.slice(0, Math.max(equals, 0)));
  const value = trimmed(text.slice(equals + 1));
  if (equals >= 0 && key !== '' && value !== '') return { key, value, place };
  const why =
    equals < 0
      ? `"${shown(text)}" is not of the form name=value${text.endsWith('\\') ? ' (no line is continued here)' : ''}`
      : key === ''
        ? `"${shown(text)}" has no name before the equals sign`
        : `${shown(key)} has no value`;
  findings.warn(
    place,
    '',
    'property-ignored',
    `${why}: the line is ignored, as mod_jk does; complete it or take it out`,
  );
  return undefined;
}

/** A text of a file for a message: readable, and not long. */
export function shown(octets: string): string {
  const text = textOf(octets);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

function withoutComment(line: string): string {
  const hash = line.indexOf('#');
  return hash < 0 ? line : line.slice(0, hash);
}

/** Without the white space of C at both ends: an octet above 0x7f is none, whatever Unicode says. */
function trimmed(text: string): string {
  return text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '');
}

const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';
const SHOWN_MAX = 120;
