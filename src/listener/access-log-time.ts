// Time in access logs: `%t` with every format that mod_log_config knows, in local time and with the names of the C
// locale. Texts are kept for the second they belong to.

/** Writes an instant given as ms since 1970. */
export type TimeFormat = (wall: number) => string;

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** Parts of a `%{…}t` besides text for strftime. `begin:` is the default: when the request came; `end:` is now. */
export interface LogTime {
  readonly isEnd: boolean;
  readonly format: TimeFormat;
}

/** Compiles the argument of `%{…}t`; undefined and '' give the common log format. */
export function compileLogTime(argument: string | undefined): LogTime {
  const match = /^(begin|end)(?::(.*))?$/s.exec(argument ?? '');
  const isEnd = match?.[1] === 'end' && match[2] !== undefined && match[2] !== '';
  return { isEnd, format: formatNamed(match === null ? (argument ?? '') : (match[2] ?? '')) };
}

function formatNamed(name: string): TimeFormat {
  switch (name) {
    case '':
      return oncePerSecond(compileStrftime('[%d/%b/%Y:%H:%M:%S %z]'));
    case 'sec':
      return (wall) => String(Math.floor(wall / 1000));
    case 'msec':
      return (wall) => String(Math.floor(wall));
    case 'usec':
      return (wall) => String(Math.floor(wall * 1000));
    case 'msec_frac':
      return (wall) => pad(Math.floor(wall) % 1000, 3);
    case 'usec_frac':
      return (wall) => pad(Math.floor(wall * 1000) % 1_000_000, 6);
    default:
      return oncePerSecond(compileStrftime(name));
  }
}

/** Compiles a strftime format: all of C99 but the `E` and `O` modifiers, and `%k %l %s`; anything else stays as it is. */
export function compileStrftime(format: string): (date: Date) => string {
  const parts = format.split(/(%.)/s).map((part): ((date: Date) => string) => {
    const conversion = part.length === 2 && part[0] === '%' ? CONVERSIONS[part[1]] : undefined;
    return conversion ?? (() => part);
  });
  return (date) => parts.map((part) => part(date)).join('');
}

function oncePerSecond(format: (date: Date) => string): TimeFormat {
  let second = Number.NaN;
  let text = '';
  return (wall) => {
    const now = Math.floor(wall / 1000);
    if (now !== second) {
      second = now;
      text = format(new Date(now * 1000));
    }
    return text;
  };
}

const CONVERSIONS: Readonly<Record<string, (date: Date) => string>> = {
  a: (d) => DAYS[d.getDay()].slice(0, 3),
  A: (d) => DAYS[d.getDay()],
  b: (d) => MONTHS[d.getMonth()].slice(0, 3),
  B: (d) => MONTHS[d.getMonth()],
  c: (d) => compose(d, 'a', ' ', 'b', ' ', 'e', ' ', 'T', ' ', 'Y'),
  C: (d) => pad(Math.floor(d.getFullYear() / 100), 2),
  d: (d) => pad(d.getDate(), 2),
  D: (d) => compose(d, 'm', '/', 'd', '/', 'y'),
  e: (d) => String(d.getDate()).padStart(2, ' '),
  F: (d) => compose(d, 'Y', '-', 'm', '-', 'd'),
  g: (d) => pad(isoWeek(d).year % 100, 2),
  G: (d) => String(isoWeek(d).year),
  h: (d) => MONTHS[d.getMonth()].slice(0, 3),
  H: (d) => pad(d.getHours(), 2),
  I: (d) => pad(d.getHours() % 12 || 12, 2),
  j: (d) => pad(dayOfYear(d) + 1, 3),
  k: (d) => String(d.getHours()).padStart(2, ' '),
  l: (d) => String(d.getHours() % 12 || 12).padStart(2, ' '),
  m: (d) => pad(d.getMonth() + 1, 2),
  M: (d) => pad(d.getMinutes(), 2),
  n: () => '\n',
  p: (d) => (d.getHours() < 12 ? 'AM' : 'PM'),
  r: (d) => compose(d, 'I', ':', 'M', ':', 'S', ' ', 'p'),
  R: (d) => compose(d, 'H', ':', 'M'),
  s: (d) => String(Math.floor(d.getTime() / 1000)),
  S: (d) => pad(d.getSeconds(), 2),
  t: () => '\t',
  T: (d) => compose(d, 'H', ':', 'M', ':', 'S'),
  u: (d) => String(d.getDay() || 7),
  U: (d) => pad(Math.floor((dayOfYear(d) + 7 - d.getDay()) / 7), 2),
  V: (d) => pad(isoWeek(d).week, 2),
  w: (d) => String(d.getDay()),
  W: (d) => pad(Math.floor((dayOfYear(d) + 7 - ((d.getDay() + 6) % 7)) / 7), 2),
  x: (d) => compose(d, 'm', '/', 'd', '/', 'y'),
  X: (d) => compose(d, 'H', ':', 'M', ':', 'S'),
  y: (d) => pad(d.getFullYear() % 100, 2),
  Y: (d) => String(d.getFullYear()),
  z: (d) => zoneOffset(d),
  Z: (d) => zoneName(d),
  '%': () => '%',
};

/** Letters are conversions, everything else is text. */
function compose(date: Date, ...parts: string[]): string {
  return parts.map((part) => (/[a-zA-Z]/.test(part) ? CONVERSIONS[part](date) : part)).join('');
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

function zoneOffset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}${pad(size % 60, 2)}`;
}

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

/** From 0. */
function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getFullYear(), 0, 1);
  return Math.round((Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - start) / 86_400_000);
}

/** ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getFullYear(), date.getMonth(), date.getDate() + 4 - (date.getDay() || 7));
  return { year: thursday.getFullYear(), week: Math.floor(dayOfYear(thursday) / 7) + 1 };
}
