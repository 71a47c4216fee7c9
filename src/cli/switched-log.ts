// The log of the running process: every room keeps this one, and a reload puts another behind it.

import type { Log, LogFields } from '../base/log.ts';

export class SwitchedLog implements Log {
  /** Where events go now. */
  target: Log;

  constructor(target: Log) {
    this.target = target;
  }

  debug(event: string, fields?: LogFields): void {
    this.target.debug(event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.target.info(event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.target.warn(event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.target.error(event, fields);
  }
}
