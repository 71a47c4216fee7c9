// One access log: a format compiled once, a condition, and the sink its lines go to. Called when an exchange is over and
// before it is reused.

import type { Clock } from '../base/clock.ts';
import type { LogFormat } from '../config/httpd/log-format.ts';
import { type AccessFacts, compileLogItems, type EndTime, type LogItem } from './access-log-fields.ts';
import type { Exchange } from './exchange.ts';
import type { LogSink } from './log-sink.ts';

/** `env=NAME` or `env=!NAME` of a CustomLog. */
export interface AccessLogCondition {
  readonly name: string;
  readonly isNegated: boolean;
}

export class AccessLog {
  readonly #items: readonly LogItem[];
  readonly #condition: AccessLogCondition | undefined;
  readonly #sink: LogSink;

  constructor(format: LogFormat, condition: AccessLogCondition | undefined, sink: LogSink) {
    this.#items = compileLogItems(format);
    this.#condition = condition;
    this.#sink = sink;
  }

  /** Writes the line of a finished exchange, if the condition holds. */
  write(exchange: Exchange, facts: AccessFacts, end: EndTime): void {
    const condition = this.#condition;
    if (condition !== undefined && (exchange.env?.has(condition.name) ?? false) === condition.isNegated) return;
    let line = '';
    for (const item of this.#items) line += item(exchange, facts, end);
    this.#sink.write(line);
  }
}

/** Writes an exchange's line to each of the logs of its host; costs nothing when there are none. */
export function writeAccessLogs(
  logs: readonly AccessLog[],
  exchange: Exchange,
  facts: AccessFacts,
  clock: Clock,
): void {
  if (logs.length === 0) return;
  const end: EndTime = { now: clock.now(), wall: clock.wall() };
  for (const log of logs) log.write(exchange, facts, end);
}
