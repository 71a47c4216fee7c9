// The log every room writes to: events with fields, never sentences with secrets. The programs plug pino in.

export type LogFields = Readonly<Record<string, unknown>>;

/** `event` is a stable kebab-case name (`member-failed`); fields carry the facts. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** A log that forgets everything. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A log that keeps its events, for tests. */
export class MemoryLog implements Log {
  readonly events: { level: 'debug' | 'info' | 'warn' | 'error'; event: string; fields: LogFields }[] = [];

  debug(event: string, fields: LogFields = {}): void {
    this.events.push({ level: 'debug', event, fields });
  }

  info(event: string, fields: LogFields = {}): void {
    this.events.push({ level: 'info', event, fields });
  }

  warn(event: string, fields: LogFields = {}): void {
    this.events.push({ level: 'warn', event, fields });
  }

  error(event: string, fields: LogFields = {}): void {
    this.events.push({ level: 'error', event, fields });
  }
}
