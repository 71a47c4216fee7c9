// The error log: events as lines a person can read and a program can split: time, level, event, fields. Place in the
// picture: the programs hand it to every room as their `Log`, one per host that has its own ErrorLog.

import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log, LogFields } from '../base/log.ts';
import type { LogSink } from './log-sink.ts';

export type EventLevel = 'error' | 'warn' | 'info' | 'debug';

/** Longest value of a field; the rest is cut off. */
const MAX_VALUE = 2000;
const RANK: Readonly<Record<EventLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/** Writes events of at least `level`. */
export class ErrorLog implements Log {
  readonly #sink: LogSink;
  readonly #clock: Clock;
  readonly #rank: number;

  constructor(sink: LogSink, clock: Clock, level: EventLevel) {
    this.#sink = sink;
    this.#clock = clock;
    this.#rank = RANK[level];
  }

  debug(event: string, fields?: LogFields): void {
    this.#write('debug', event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.#write('info', event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.#write('warn', event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.#write('error', event, fields);
  }

  #write(level: EventLevel, event: string, fields: LogFields | undefined): void {
    if (RANK[level] <= this.#rank) this.#sink.write(formatEvent(this.#clock.wall(), level, event, fields));
  }
}

/** What a LogLevel of httpd lets through: `emerg` to `error` errors, `warn` and `notice` warnings too, `trace1` … all. */
export function eventLevelOf(logLevel: string): EventLevel {
  switch (logLevel) {
    case 'emerg':
    case 'alert':
    case 'crit':
    case 'error':
      return 'error';
    case 'warn':
    case 'notice':
      return 'warn';
    case 'info':
      return 'info';
    default:
      return 'debug';
  }
}

/** `2026-01-01T00:00:00.000Z warn member-failed member=ajp://a:8009 cause="refused"`; octets, ASCII only. */
export function formatEvent(wall: number, level: EventLevel, event: string, fields?: LogFields): string {
  return `${new Date(wall).toISOString()} ${level} ${eventText(event, fields)}`;
}

/** `member-failed member=ajp://a:8009 cause="refused"`. */
export function eventText(event: string, fields: LogFields = {}): string {
  let text = event;
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) text += ` ${name}=${textOf(value)}`;
  return text;
}

function textOf(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = describe(value);
  const cut = text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
  if (cut !== '' && !/[^\x21\x23-\x5b\x5d-\x7e]/.test(cut)) return cut;
  const quoted = JSON.stringify(cut);
  return quoted.replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Errors become their code, message and causes; one without a code is a bug, and where it came from is told too. */
function describe(value: unknown, depth = 0): string {
  if (value instanceof Error) {
    const code = value instanceof Failure ? value.code : (value as NodeJS.ErrnoException).code;
    let own = code === undefined || value.message.includes(code) ? value.message : `${code}: ${value.message}`;
    if (code === undefined) own += /^\s*(at .*)$/m.exec(value.stack ?? '')?.[1].replace(/^/, ' ') ?? '';
    return value.cause === undefined || depth >= 3 ? own : `${own} (${describe(value.cause, depth + 1)})`;
  }
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}
