// Header and RequestHeader at work on one exchange. Source: documentation of mod_headers; behaviour recorded from httpd
// 2.4.71. `Header always` works on a table of its own, as in httpd: it never sees what the handler set, and both go out.

import { loadavg } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { Fields, REMOVED } from '../base/fields.ts';
import { Expression, type ExpressionSubject, type TextExpression } from '../config/expression/expression.ts';
import type { Exchange } from '../listener/exchange.ts';
import type { HeaderOp, HeaderValue, LineCondition } from '../site/model.ts';
import { requestVariable } from './request-variable.ts';

/** What values of headers may tell about the server. */
export interface HeaderContext {
  readonly clock: Clock;
  /** Share of the server that is at work, 0 to 100; `%b`, and `%i` for the rest. Default 0. */
  readonly busyPercent?: () => number;
  /** Whom `expr=` is asked about. */
  subjectOf(exchange: Exchange): ExpressionSubject;
  /** Hears of an expression that could not be evaluated. */
  failed(exchange: Exchange, failure: unknown): void;
}

/**
 * Framing is the codec's business alone: a configuration that changed these fields could make two parties disagree about
 * where a message ends.
 */
const UNTOUCHABLE: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);
/** Octets that may not stand in a field value (RFC 9110 §5.5). */
const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/g;

/** Runs RequestHeader over the request. `early` ones before anything else, the others before the handler. */
export function applyRequestHeaders(
  ops: readonly HeaderOp[] | undefined,
  when: 'early' | 'late',
  exchange: Exchange,
  context: HeaderContext,
): void {
  if (ops === undefined) return;
  for (const op of ops) {
    if (op.target !== 'request' || op.isEarly !== (when === 'early')) continue;
    apply(op, exchange.request.fields, exchange, context);
  }
}

/** Runs `Header … early`, before anything else: what the handler sets is added to it. */
export function applyEarlyResponseHeaders(
  ops: readonly HeaderOp[] | undefined,
  exchange: Exchange,
  context: HeaderContext,
): void {
  if (ops === undefined) return;
  for (const op of ops) {
    if (op.isEarly && op.target !== 'request') apply(op, exchange.response.fields, exchange, context);
  }
}

/**
 * Runs Header over a response that is about to be sent. `own-error` is an error page made here: only `always` reaches
 * it; answers of backends, whatever their status, and ErrorDocuments that are pages get both.
 * @param always fields that go out whoever answers, and that `always` may change
 */
export function applyResponseHeaders(
  ops: readonly HeaderOp[] | undefined,
  answer: 'answer' | 'own-error',
  exchange: Exchange,
  context: HeaderContext,
  always?: Fields,
): void {
  const { fields } = exchange.response;
  for (const op of ops ?? []) {
    if (op.target !== 'response-always' || op.isEarly) continue;
    always ??= new Fields();
    apply(op, always, exchange, context);
  }
  if (answer === 'answer' && ops !== undefined) {
    for (const op of ops) if (op.target === 'response' && !op.isEarly) apply(op, fields, exchange, context);
  }
  if (always !== undefined) fields.addAll(always);
}

function apply(op: HeaderOp, fields: Fields, exchange: Exchange, context: HeaderContext): void {
  if (op.condition !== undefined && !holds(op.condition, exchange, context)) return;
  const { name } = op;
  if (UNTOUCHABLE.has(name.toLowerCase()) && op.action !== 'note') return;
  switch (op.action) {
    case 'set':
      fields.set(name, textFor(op.value, exchange, context));
      break;
    case 'setifempty':
      if (fields.indexOf(name) < 0) fields.add(name, textFor(op.value, exchange, context));
      break;
    case 'add':
      fields.add(name, textFor(op.value, exchange, context));
      break;
    case 'append':
      if (op.target === 'request') joinRepeats(fields, name);
      append(fields, name, textFor(op.value, exchange, context));
      break;
    case 'merge': {
      const value = textFor(op.value, exchange, context);
      if (op.target === 'request') joinRepeats(fields, name);
      if (!hasMember(fields, name, value)) append(fields, name, value);
      break;
    }
    case 'unset':
      fields.remove(name);
      break;
    case 'edit':
    case 'edit*':
      edit(op, fields, exchange, context);
      break;
    case 'echo':
      echo(op, fields, exchange);
      break;
    case 'note': {
      const value = fields.get(name);
      if (value !== undefined) exchange.setNote(textFor(op.value, exchange, context), value);
      break;
    }
  }
}

/** A condition that cannot be evaluated keeps nothing from being done, as in httpd. */
function holds(condition: LineCondition, exchange: Exchange, context: HeaderContext): boolean {
  if (condition instanceof Expression) {
    try {
      return condition.test(context.subjectOf(exchange));
    } catch (failure) {
      context.failed(exchange, failure);
      return true;
    }
  }
  return (exchange.env?.has(condition.name) ?? false) !== condition.isNegated;
}

function append(fields: Fields, name: string, value: string): void {
  const index = fields.indexOf(name);
  if (index < 0) fields.add(name, value);
  else fields.replaceAt(index, `${fields.valueAt(index)}, ${value}`);
}

/** Whether a list has this very member already; letter case counts. */
function hasMember(fields: Fields, name: string, member: string): boolean {
  return fields.getAll(name).some((list) => list.split(',').some((each) => each.trim() === member));
}

function edit(op: HeaderOp, fields: Fields, exchange: Exchange, context: HeaderContext): void {
  const { regex, name } = op;
  if (regex === undefined || fields.indexOf(name) < 0) return;
  // Repeated request fields are one list, as httpd reads them; response fields are edited one by one.
  if (op.target === 'request') joinRepeats(fields, name);
  const lower = name.toLowerCase();
  for (let i = 0; i < fields.count; i++) {
    if (fields.idAt(i) === REMOVED || fields.lowerNameAt(i) !== lower) continue;
    const before = fields.valueAt(i);
    const after = before.replace(regex, (...match: unknown[]) => replacement(op.value, match, exchange, context));
    if (after !== before) fields.replaceAt(i, after);
  }
}

function joinRepeats(fields: Fields, name: string): void {
  const values = fields.getAll(name);
  if (values.length > 1) fields.set(name, values.join(', '));
}

/** Copies the request fields whose names match. */
function echo(op: HeaderOp, fields: Fields, exchange: Exchange): void {
  const { regex } = op;
  if (regex === undefined) return;
  const request = exchange.request.fields;
  const seen = new Set<string>();
  for (let i = 0; i < request.count; i++) {
    if (request.idAt(i) === REMOVED) continue;
    const name = request.nameAt(i);
    const lower = name.toLowerCase();
    if (seen.has(lower) || UNTOUCHABLE.has(lower) || !regex.test(name)) continue;
    seen.add(lower);
    fields.add(name, request.getAll(name).join(', '));
  }
}

function textFor(value: HeaderValue, exchange: Exchange, context: HeaderContext): string {
  let text = '';
  for (const part of value) text += part.kind === 'text' ? part.text : partOf(part, exchange, context);
  return clean(text);
}

/** As `textFor`, with `$0` to `$9` in its texts standing for groups of the match. */
function replacement(
  value: HeaderValue,
  match: readonly unknown[],
  exchange: Exchange,
  context: HeaderContext,
): string {
  let text = '';
  for (const part of value) {
    text += part.kind === 'text' ? fillGroups(part.text, match) : partOf(part, exchange, context);
  }
  return clean(text);
}

/** Replaces `$0`–`$9` by groups of a match; `\$` is a dollar sign. `match` is what `exec` or a replacer gets. */
export function fillGroups(text: string, match: readonly unknown[]): string {
  if (!text.includes('$')) return text;
  return text.replace(/\\\$|\$(\d)/g, (whole: string, digit?: string) => {
    if (digit === undefined) return whole.slice(1);
    const group = match[Number(digit)];
    return typeof group === 'string' ? group : ''; // a replacer's offset, or a group that took no part
  });
}

function partOf(
  part: Exclude<HeaderValue[number], { kind: 'text' }>,
  exchange: Exchange,
  context: HeaderContext,
): string {
  switch (part.kind) {
    case 'expression':
      return expressionText(part.expression, exchange, context);
    case 'env':
      return exchange.env?.get(part.name) ?? '(null)'; // as httpd writes what is not there
    case 'variable':
      return requestVariable(part.name, exchange, context.subjectOf(exchange)) ?? '(null)';
    case 'received-at':
      return `t=${Math.floor(exchange.startedWall * 1000)}`;
    case 'duration':
      return `D=${Math.max(0, Math.floor((context.clock.now() - exchange.startedAt) * 1000))}`;
    case 'load':
      return `l=${loadavg()
        .map((load) => load.toFixed(2))
        .join('/')}`;
    case 'idle':
      return `i=${100 - (context.busyPercent?.() ?? 0)}`;
    case 'busy':
      return `b=${context.busyPercent?.() ?? 0}`;
  }
}

/** Empty when it cannot be told, as in httpd. */
function expressionText(expression: TextExpression, exchange: Exchange, context: HeaderContext): string {
  try {
    return expression.text(context.subjectOf(exchange));
  } catch (failure) {
    context.failed(exchange, failure);
    return '';
  }
}

/** A value may come from a decoded URL: what would end the field becomes blanks. */
function clean(value: string): string {
  return value.replace(FORBIDDEN, ' ');
}
