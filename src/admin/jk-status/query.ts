// The query of a status worker's request, read as mod_jk reads it (jkstatus.md): only `&` separates, names are not
// decoded, the last of a name wins but keeps the place of the first, and what could break out of a page becomes `@`.

const COMMANDS = ['list', 'show', 'edit', 'update', 'reset', 'version', 'recover', 'dump'] as const;
export type Command = (typeof COMMANDS)[number];

export const MIMES = ['html', 'xml', 'txt', 'prop'] as const;
export type Mime = (typeof MIMES)[number];

/** Bits of `opt`: what a page leaves out, and whether it offers changes. */
export const OPTION = {
  noMembers: 1,
  noMaps: 2,
  noLegend: 4,
  noLb: 8,
  noAjp: 16,
  readOnly: 32,
  noLbConf: 64,
  noLbSummary: 128,
  noAjpConf: 256,
} as const;

export interface StatusQuery {
  /** As sent, masked; undefined without `?`. */
  readonly text: string | undefined;
  /** Decoded and masked, in the order of the query. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Undefined: there is no such command. */
  readonly command: Command | undefined;
  /** Undefined: there is no such format. */
  readonly mime: Mime | undefined;
  readonly options: number;
  /** `re`: 0 for none. */
  readonly refreshSeconds: number;
  /** False when an escape was no escape; parameters behind it are lost. */
  readonly isReadable: boolean;
}

export function readQuery(query: string | undefined): StatusQuery {
  const parameters = new Map<string, string>();
  const text = query === undefined ? undefined : mask(query);
  let isReadable = true;
  for (const pair of text?.split('&') ?? []) {
    const equals = pair.indexOf('=');
    if (equals <= 0) continue;
    const value = decodeValue(pair.slice(equals + 1));
    if (value === undefined) {
      isReadable = false;
      break;
    }
    parameters.set(pair.slice(0, equals), mask(value));
  }
  return {
    text,
    parameters,
    command: commandOf(parameters.get('cmd')),
    mime: oneOf(MIMES, parameters.get('mime'), 'html'),
    options: wholeNumber(parameters.get('opt') ?? ''),
    refreshSeconds: wholeNumber(parameters.get('re') ?? ''),
    isReadable,
  };
}

/** The command that a parameter names; `list` without one, undefined for what is none. */
export function commandOf(name: string | undefined): Command | undefined {
  return oneOf(COMMANDS, name, 'list');
}

function oneOf<T extends string>(all: readonly T[], name: string | undefined, fallback: T): T | undefined {
  return name === undefined ? fallback : all.find((each) => each === name);
}

/** Characters that mod_jk masks, and those that would end a line of the text formats. */
const MASKED = /[<>?"]|[^ -~\u0080-\u00ff]/g;

function mask(text: string): string {
  return text.replace(MASKED, '@');
}

/** `+` is a blank; undefined when a `%` begins no escape, or one of a zero octet. */
function decodeValue(text: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})|%00/.test(text)) return undefined;
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

const LONG_MAX = 2n ** 63n - 1n;

/** What C's atoi makes of a text on machines with 64 bits: 0 without a number, otherwise its low 32 bits, signed. */
export function wholeNumber(text: string): number {
  const digits = /^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text)?.[1];
  if (digits === undefined) return 0;
  const value = BigInt(digits.replace('+', ''));
  if (value > LONG_MAX) return -1;
  if (value < -LONG_MAX) return 0;
  return Number(BigInt.asIntN(32, value));
}

/** A boolean as in workers.properties; `fallback` for what is none. */
export function truth(text: string, fallback: boolean): boolean {
  if (/^(?:off$|[fn]|0$)/i.test(text)) return false;
  if (/^(?:on$|[ty]|1$)/i.test(text)) return true;
  return fallback;
}
