// IP addresses and networks as bytes: what access rules, expressions, virtual hosts and Listen name. Own and small,
// because sockets are `link`'s. Sources: RFC 4291 §2.2, §2.5.5.2; partial addresses and masks as mod_authz_host takes them.

/** A network: the first `bits` bits of `bytes` (4 or 16 of them) must agree. */
export interface AddressRange {
  readonly bytes: readonly number[];
  /** Mask byte by byte, so that masks with holes work as in httpd. */
  readonly mask: readonly number[];
  readonly text: string;
}

/** Bytes of an IPv4 (4) or IPv6 (16) address; an IPv4-mapped IPv6 address becomes IPv4. Undefined for anything else. */
export function parseAddress(text: string): readonly number[] | undefined {
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  if (bytes?.length === 16 && MAPPED.every((byte, i) => bytes[i] === byte)) return bytes.slice(12);
  return bytes;
}

/** Text of an address of 4 or 16 bytes, as RFC 5952 has it; an IPv4-mapped one is written as IPv4. */
export function formatAddress(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  if (MAPPED.every((byte, i) => bytes[i] === byte)) return bytes.slice(12).join('.');
  const words = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] << 8) | bytes[2 * i + 1]).toString(16)).join(':');
  // The longest run of two or more zero groups, the first of them, is left out.
  const runs = [...words.matchAll(/(?<![^:])0(?::0)+(?![^:])/g)].sort((a, b) => b[0].length - a[0].length);
  const [run] = runs;
  if (run === undefined) return words;
  return `${words.slice(0, run.index).replace(/:$/, '')}::${words.slice(run.index + run[0].length).replace(/^:/, '')}`;
}

/** `10.1`, `10.1.0.0/16`, `10.1.0.0/255.255.0.0`, `fe80::/10`, a whole address. Undefined for anything else. */
export function parseRange(text: string): AddressRange | undefined {
  const slash = text.indexOf('/');
  if (slash >= 0) return masked(text, text.slice(0, slash), text.slice(slash + 1));
  const whole = parseAddress(text);
  if (whole !== undefined) return { bytes: whole, mask: whole.map(() => 255), text };
  return partial(text);
}

/** Whether the address lies in the range. */
export function isInRange(range: AddressRange, address: readonly number[]): boolean {
  if (range.bytes.length !== address.length) return false;
  for (let i = 0; i < address.length; i++) if ((address[i] & range.mask[i]) !== range.bytes[i]) return false;
  return true;
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(address: readonly number[]): boolean {
  return address.length === 4 ? address[0] === 127 : address.every((byte, i) => byte === (i === 15 ? 1 : 0));
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

function parseIpv4(text: string): number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function parseIpv6(text: string): number[] | undefined {
  const zone = text.indexOf('%');
  const plain = zone < 0 ? text : text.slice(0, zone);
  const halves = plain.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groups);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  const zeros = 16 - head.length - (tail?.length ?? 0);
  if (zeros < 2) return undefined;
  return [...head, ...new Array<number>(zeros).fill(0), ...(tail ?? [])];
}

/** `a:b:1.2.3.4` as bytes. */
function groups(text: string): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (i === parts.length - 1 && part.includes('.')) {
      const ipv4 = parseIpv4(part);
      if (ipv4 === undefined) return undefined;
      bytes.push(...ipv4);
    } else {
      if (!/^[0-9A-Fa-f]{1,4}$/.test(part)) return undefined;
      const value = Number.parseInt(part, 16);
      bytes.push(value >> 8, value & 255);
    }
  }
  return bytes.length <= 16 ? bytes : undefined;
}

/** The first one to three numbers of an IPv4 address, with or without a dot after them. */
function partial(text: string): AddressRange | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){0,2}\.?$/.test(text)) return undefined;
  const known = text.replace(/\.$/, '').split('.').map(Number);
  if (known.some((byte) => byte > 255)) return undefined;
  return {
    bytes: [0, 1, 2, 3].map((i) => known[i] ?? 0),
    mask: [0, 1, 2, 3].map((i) => (i < known.length ? 255 : 0)),
    text,
  };
}

function masked(text: string, address: string, maskText: string): AddressRange | undefined {
  const bytes = parseAddress(address);
  if (bytes === undefined) return undefined;
  let mask: readonly number[] | undefined;
  if (/^\d{1,3}$/.test(maskText)) {
    const bits = Number(maskText);
    if (bits < 1 || bits > bytes.length * 8) return undefined;
    mask = bytes.map((_, i) => (0xff00 >> Math.min(8, Math.max(0, bits - 8 * i))) & 255);
  } else mask = parseIpv4(maskText);
  if (mask === undefined || mask.length !== bytes.length) return undefined;
  return { bytes: bytes.map((byte, i) => byte & (mask?.[i] ?? 0)), mask, text };
}
