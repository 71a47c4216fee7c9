// The program's log: events as short lines for people, or as JSON for machines. pino writes; this file only shapes.

import pino from 'pino';
import type { Log, LogFields } from '../base/log.ts';

/** Writes to standard error: standard output is for what the command answers. */
export function programLog(asJson: boolean): Log {
  if (!asJson) return new LineLog();
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
  return {
    debug: (event, fields) => log.debug({ ...fields }, event),
    info: (event, fields) => log.info({ ...fields }, event),
    warn: (event, fields) => log.warn({ ...fields }, event),
    error: (event, fields) => log.error({ ...fields }, event),
  };
}

/** Leaves out what only tells that all is well. */
export function warningsOf(log: Log): Log {
  return {
    debug() {},
    info() {},
    warn: (event, fields) => log.warn(event, fields),
    error: (event, fields) => log.error(event, fields),
  };
}

class LineLog implements Log {
  debug(): void {}

  info(event: string, fields?: LogFields): void {
    write('info', event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    write('warn', event, fields);
  }

  error(event: string, fields?: LogFields): void {
    write('error', event, fields);
  }
}

function write(level: string, event: string, fields: LogFields = {}): void {
  const facts = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? JSON.stringify(value) : String(value)}`,
  );
  process.stderr.write(
    `${new Date().toISOString()} ${level} ${event}${facts.length > 0 ? ' ' : ''}${facts.join(' ')}\n`,
  );
}
