// The story of access logs: LogFormat, CustomLog, GlobalLog, TransferLog. Formats are looked up by name when everything
// is read, because LogFormat may come after its use. Source: documentation of mod_log_config.

import { textOf } from '../config/files.ts';
import { compileLogFormat, type LogFormat, PREDEFINED_FORMATS } from '../config/httpd/log-format.ts';
import type { DirectiveNode } from '../config/httpd/tree.ts';
import { type DirectiveHandler, fail, path, takes, warn } from './arguments.ts';
import type { HostDraft, LogDraft, Scope, SiteDraft } from './draft.ts';
import { expressionPart, readExpression } from './expressions.ts';
import { readEnvCondition } from './header-rules.ts';
import { expectLogDirectory } from './host-settings.ts';
import type { AccessLog } from './model.ts';

/** Directives of this story, by name in lower case. */
export const LOG_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  logformat: logFormat,
  customlog: (node, scope) => customLog(node, scope, false),
  globallog: (node, scope) => customLog(node, scope, true),
  transferlog: (node, scope) => {
    if (takes(node, scope, 1, 1)) addLog(node, scope, node.words[0], TRANSFER, undefined, false);
  },
};

/** Stands for the format of TransferLog until all is read; no name can be this. */
const TRANSFER = '\0transfer';

function compile(node: DirectiveNode, scope: Scope, source: string): LogFormat | undefined {
  const compiled = compileLogFormat(source);
  if (compiled.ok) return compiled.format;
  return fail(
    node,
    scope,
    `in "${textOf(source)}" at character ${compiled.offset + 1}: ${textOf(compiled.problem)}`,
    'bad-log-format',
  );
}

/** `LogFormat format|name [name]`. */
function logFormat(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 2)) return;
  const [source, name] = node.words;
  if (name?.includes('%')) {
    warn(node, scope, `"${textOf(name)}" is no good name: CustomLog takes what has a percent sign for a format`);
  }
  const known = scope.host.logFormats.get(source) ?? scope.site.main.logFormats.get(source);
  const format =
    known ?? compile(node, scope, source.includes('%') ? source : (PREDEFINED_FORMATS.get(source) ?? source));
  if (format === undefined) return;
  if (name === undefined) scope.host.transferFormat = format;
  else scope.host.logFormats.set(name, format);
}

/** `CustomLog file|pipe format|name [env=[!]name|expr=…]`. */
function customLog(node: DirectiveNode, scope: Scope, isGlobal: boolean): void {
  if (!takes(node, scope, 2, 3)) return;
  const [target, format, last] = node.words;
  const text = expressionPart(last);
  const expression = text === undefined ? undefined : readExpression(node, scope, text);
  const condition = text !== undefined ? expression : last === undefined ? undefined : readEnvCondition(last);
  if (last !== undefined && condition === undefined) {
    if (text === undefined) fail(node, scope, `"${textOf(last)}" is no condition; write env=NAME, env=!NAME or expr=…`);
    return;
  }
  const compiled = format.includes('%') ? compile(node, scope, format) : format;
  if (compiled !== undefined) addLog(node, scope, target, compiled, condition, isGlobal);
}

function addLog(
  node: DirectiveNode,
  scope: Scope,
  target: string,
  format: LogFormat | string,
  condition: LogDraft['condition'],
  isGlobal: boolean,
): void {
  const isPipe = target.startsWith('|');
  const file = isPipe ? textOf(target) : path(node, scope, target);
  if (!isPipe) expectLogDirectory(node, scope, file);
  scope.host.logs.push({ target: file, isPipe, format, condition, isGlobal, place: node.place });
}

/** The logs of a host: its own, or the main server's when it has none; the main server's global ones always. */
export function accessLogs(host: HostDraft, site: SiteDraft): AccessLog[] {
  const own = host.logs.length > 0 || host.isMain ? host.logs : site.main.logs.filter((log) => !log.isGlobal);
  const global = host.isMain ? [] : site.main.logs.filter((log) => log.isGlobal);
  return [...own, ...global].map(({ target, isPipe, format, condition, place }) => ({
    target,
    isPipe,
    format: typeof format === 'string' ? named(format, host, site) : format,
    condition,
    place,
  }));
}

/** What is no name is a format that holds no percent sign, as in httpd. */
function named(name: string, host: HostDraft, site: SiteDraft): LogFormat {
  if (name === TRANSFER) return host.transferFormat ?? site.main.transferFormat ?? named('common', host, site);
  const known = host.logFormats.get(name) ?? site.main.logFormats.get(name);
  if (known !== undefined) return known;
  const compiled = compileLogFormat(PREDEFINED_FORMATS.get(name) ?? name);
  return compiled.ok ? compiled.format : [];
}
