// The log of mod_jk (JkLogFile): lines with its stamp, its process and level, events in our words, and request lines. Place
// in the picture: beside the error log; the frontend gives it to the balancers of mod_jk's workers.

import { threadId } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import type { Log, LogFields } from '../base/log.ts';
import type { LineSink } from './access-log.ts';
import { compileStrftime } from './access-log-time.ts';
import { eventText } from './error-log.ts';

/** JkLogLevel. */
export type JkLogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'emerg';

const RANK: Readonly<Record<JkLogLevel, number>> = { trace: 0, debug: 1, info: 2, warn: 3, error: 4, emerg: 5 };

export class JkLog implements Log, LineSink {
  readonly #sink: LineSink;
  readonly #clock: Clock;
  readonly #rank: number;
  readonly #stamp: (wall: number) => string;
  readonly #who: string;

  /** @param stampFormat as JkLogStampFormat has it: strftime, with `%Q` for milliseconds or `%q` for microseconds */
  constructor(sink: LineSink, clock: Clock, level: JkLogLevel, stampFormat: string) {
    this.#sink = sink;
    this.#clock = clock;
    this.#rank = RANK[level];
    this.#stamp = compileStamp(stampFormat);
    this.#who = `[${process.pid}:${threadId}]`;
  }

  debug(event: string, fields?: LogFields): void {
    this.#tell('debug', event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.#tell('info', event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.#tell('warn', event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.#tell('error', event, fields);
  }

  /** Takes a line of JkRequestLogFormat, whatever the level. */
  write(line: string): void {
    this.#sink.write(this.#stamp(this.#clock.wall()) + line);
  }

  #tell(level: JkLogLevel, event: string, fields: LogFields | undefined): void {
    if (RANK[level] < this.#rank) return;
    this.#sink.write(`${this.#stamp(this.#clock.wall())}${this.#who} [${level}] ${eventText(event, fields)}`);
  }
}

/** Writes every event to both: nothing that is told of mod_jk's workers is missing in the error log. */
export function bothLogs(one: Log, other: Log): Log {
  return {
    debug(event, fields) {
      one.debug(event, fields);
      other.debug(event, fields);
    },
    info(event, fields) {
      one.info(event, fields);
      other.info(event, fields);
    },
    warn(event, fields) {
      one.warn(event, fields);
      other.warn(event, fields);
    },
    error(event, fields) {
      one.error(event, fields);
      other.error(event, fields);
    },
  };
}

/** As mod_jk has it, only the first `%Q` counts, or where there is none the first `%q`. */
function compileStamp(format: string): (wall: number) => string {
  const name = format.includes('%Q') ? '%Q' : '%q';
  const at = format.indexOf(name);
  const before = compileStrftime(at < 0 ? format : format.slice(0, at));
  if (at < 0) return (wall) => before(new Date(wall));
  const after = compileStrftime(format.slice(at + name.length));
  const fraction = name === '%Q' ? milliseconds : microseconds;
  return (wall) => {
    const date = new Date(wall);
    return before(date) + fraction(wall) + after(date);
  };
}

function milliseconds(wall: number): string {
  return String(Math.floor(wall) % 1000).padStart(3, '0');
}

function microseconds(wall: number): string {
  return String(Math.floor(wall * 1000) % 1_000_000).padStart(6, '0');
}
