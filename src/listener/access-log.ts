// One access log: a format compiled once, a condition, and the sink its lines go to. Called when an exchange is over and
// before it is reused.

import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { Expression } from '../config/expression/expression.ts';
import type { LogFormat } from '../config/httpd/log-format.ts';
import { type AccessFacts, compileLogItems, type EndTime, type LogItem } from './access-log-fields.ts';
import type { Exchange } from './exchange.ts';
import type { LogSink } from './log-sink.ts';

/** `env=NAME`, `env=!NAME` or `expr=…` of a CustomLog. */
export type AccessLogCondition = { readonly name: string; readonly isNegated: boolean } | Expression;

/** Where its lines go. */
export type LineSink = Pick<LogSink, 'write'>;

export class AccessLog {
  readonly #items: readonly LogItem[];
  readonly #condition: AccessLogCondition | undefined;
  readonly #sink: LineSink;

  constructor(format: LogFormat, condition: AccessLogCondition | undefined, sink: LineSink) {
    this.#items = compileLogItems(format);
    this.#condition = condition;
    this.#sink = sink;
  }

  /** Writes the line of a finished exchange, if the condition holds. */
  write(exchange: Exchange, facts: AccessFacts, end: EndTime): void {
    if (this.#condition !== undefined && !holds(this.#condition, exchange, facts)) return;
    let line = '';
    for (const item of this.#items) line += item(exchange, facts, end);
    this.#sink.write(line);
  }
}

/** What cannot be told is written: a line too many is better than one too few. */
function holds(condition: AccessLogCondition, exchange: Exchange, facts: AccessFacts): boolean {
  if (!(condition instanceof Expression)) return (exchange.env?.has(condition.name) ?? false) !== condition.isNegated;
  try {
    return condition.test(facts.subject);
  } catch (error) {
    if (error instanceof Failure) return true;
    throw error;
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
