// Walks the tree and gives each node to its story, after asking the directive table whether it may stand there and what
// becomes of it. Place in the picture: floor 3; the only reader of trees in `site`.

import { textOf } from '../config/files.ts';
import { type DirectiveRule, findDirective, similarDirectives } from '../config/httpd/directives.ts';
import type { ConfigNode, DirectiveNode, SectionNode } from '../config/httpd/tree.ts';
import { ACCESS_DIRECTIVES, ACCESS_HANDLERS, ACCESS_SECTIONS, isLimit, limitedScope } from './access/access-rules.ts';
import { AUTHENTICATION_HANDLERS } from './access/authentication.ts';
import { REMOTE_IP_HANDLERS } from './access/remote-ip.ts';
import { ALIAS_HANDLERS } from './alias-rules.ts';
import { type DirectiveHandler, fail, restricts, takes, title, warn } from './arguments.ts';
import { BALANCER_HANDLERS } from './balancers.ts';
import { HostDraft, type Scope, type SiteDraft } from './draft.ts';
import { ENV_HANDLERS } from './env-rules.ts';
import { readConditional } from './expressions.ts';
import { HEADER_HANDLERS } from './header-rules.ts';
import { HEARTBEAT_HANDLERS } from './heartbeats.ts';
import { HOST_HANDLERS } from './host-settings.ts';
import { JK_HANDLERS } from './jk/jk-directives.ts';
import { hostAddresses, LISTEN_HANDLERS } from './listens.ts';
import { LOG_HANDLERS } from './logs.ts';
import { MAPPING_HANDLERS } from './mappings.ts';
import { PAGE_HANDLERS } from './page-settings.ts';
import { PROBE_HANDLERS } from './probing.ts';
import { REWRITE_HANDLERS } from './rewriting/rewrite-rules.ts';
import { isSettingsSection, readSection } from './sections.ts';
import { TLS_HANDLERS } from './tls/tls-settings.ts';
import { UPSTREAM_TLS_HANDLERS } from './tls/upstream-tls-settings.ts';

/** The story of every directive that is honoured or at least checked, by name in lower case; a test holds this against the table. */
export const HANDLERS: ReadonlyMap<string, DirectiveHandler> = new Map(
  [
    ACCESS_HANDLERS,
    ALIAS_HANDLERS,
    AUTHENTICATION_HANDLERS,
    BALANCER_HANDLERS,
    ENV_HANDLERS,
    HEADER_HANDLERS,
    HEARTBEAT_HANDLERS,
    HOST_HANDLERS,
    JK_HANDLERS,
    LISTEN_HANDLERS,
    LOG_HANDLERS,
    MAPPING_HANDLERS,
    PAGE_HANDLERS,
    PROBE_HANDLERS,
    REMOTE_IP_HANDLERS,
    REWRITE_HANDLERS,
    TLS_HANDLERS,
    UPSTREAM_TLS_HANDLERS,
  ].flatMap((handlers) => Object.entries(handlers)),
);

/** Honoured sections that are no settings sections and not of the access story. */
export const OTHER_SECTIONS: readonly string[] = ['virtualhost', 'if', 'elseif', 'else', 'limit', 'limitexcept'];

/** Compiles a whole tree into the draft. */
export function walkTree(nodes: readonly ConfigNode[], site: SiteDraft): void {
  walk(nodes, { site, host: site.main, settings: site.main.defaults, section: undefined });
}

function walk(nodes: readonly ConfigNode[], scope: Scope): void {
  for (const node of nodes) {
    const rule = findDirective(node.kind === 'section' ? `<${node.key}` : node.key);
    if (rule === undefined) unknown(node, scope);
    else {
      const misplaced = whyNotHere(rule, node, scope);
      if (misplaced !== undefined) fail(node, scope, misplaced, 'not-here');
      else if (rule.handling === 'restricts') restricts(node, scope, 'nothing here does what it says');
      else if (rule.handling === 'ignored') ignore(node, scope, rule);
      else if (rule.handling === 'accepted') continue;
      else if (node.kind === 'section') enter(node, scope);
      else {
        if (scope.section === undefined) scope.host.places.set(node.key, node.place);
        HANDLERS.get(node.key)?.(node, scope);
      }
    }
  }
}

function unknown(node: ConfigNode, scope: Scope): void {
  const key = node.kind === 'section' ? `<${node.key}` : node.key;
  const similar = similarDirectives(key);
  const other = findDirective(node.kind === 'section' ? node.key : `<${node.key}`);
  const hint =
    other !== undefined
      ? `${other.name} is a ${other.isSection ? 'section: write it with < and >' : 'directive: write it without < and >'}`
      : similar.length > 0
        ? `did you mean ${similar.join(' or ')}?`
        : 'correct it, or take it out if a module brings it that is not provided here';
  fail(node, scope, `"${textOf(title(node))}" is not known; ${hint}`, 'unknown-directive');
}

/** Directives that httpd refuses in some sections although it allows them in others (P-CONF-14). */
const NOT_IN_FILE_SECTIONS: ReadonlySet<string> = new Set([
  'proxypass',
  'proxypassmatch',
  'proxypassreverse',
  'proxypassreversecookiepath',
  'proxypassreversecookiedomain',
]);

/** Directives that httpd refuses in <If>, though it takes them in other sections. */
const NOT_IN_CONDITIONS: ReadonlySet<string> = new Set([
  'alias',
  'aliasmatch',
  'scriptalias',
  'scriptaliasmatch',
  'proxyset',
  'balancermember',
]);

function whyNotHere(rule: DirectiveRule, node: ConfigNode, scope: Scope): string | undefined {
  const { section, host } = scope;
  const here = section === undefined ? (host.isMain ? 'server level' : 'VirtualHost') : section.title;
  switch (rule.standing) {
    case 'global':
      return section === undefined && host.isMain
        ? undefined
        : `cannot stand in ${here}; move it outside every section`;
    case 'server':
      return section === undefined ? undefined : `cannot stand in ${here}; move it out of the section`;
    case 'section':
      return section !== undefined
        ? undefined
        : `cannot stand at ${here}; put it into Directory, Location or another such section`;
    default:
      if (scope.limit !== undefined && rule.isSection && !ACCESS_DIRECTIVES.has(node.key))
        return 'cannot stand in <Limit> or <LimitExcept>';
      if (
        section !== undefined &&
        section.kind !== 'location' &&
        section.kind !== 'proxy' &&
        NOT_IN_FILE_SECTIONS.has(node.key)
      )
        return `cannot stand in ${here}; move it out of the section or into a Location`;
      if (section?.kind === 'condition' && NOT_IN_CONDITIONS.has(node.key))
        return `cannot stand in ${here}; move it out of the condition`;
      if (section !== undefined && section.kind === 'location' && rule.isSection && rule.name.startsWith('Files'))
        return `cannot stand in ${here}`;
      return undefined;
  }
}

function ignore(node: ConfigNode, scope: Scope, rule: DirectiveRule): void {
  const module = rule.module === 'core' ? 'core' : `mod_${rule.module}`;
  warn(node, scope, `is not honoured (${module}): ${rule.consequence}`, 'not-honoured');
}

function enter(node: SectionNode, scope: Scope): void {
  if (node.key === 'virtualhost') virtualHost(node, scope);
  else if (isSettingsSection(node.key) && scope.section?.kind === 'condition') skipFiles(node, scope);
  else if (isSettingsSection(node.key)) readSection(node, scope, (inner) => walk(node.children, inner));
  else if (node.key in ACCESS_SECTIONS) ACCESS_SECTIONS[node.key](node, scope);
  else if (isLimit(node)) limitAccess(node, scope);
  else readConditional(node, scope, (inner) => walk(node.children, inner));
}

/** What is no access rule holds for all methods, as in httpd. */
function limitAccess(node: SectionNode, scope: Scope): void {
  const inner = limitedScope(node, scope);
  if (inner !== undefined) walk(node.children, inner);
}

function virtualHost(node: SectionNode, scope: Scope): void {
  if (!takes(node, scope, 1, Infinity)) return;
  const host = new HostDraft(node.place, false);
  host.addresses = hostAddresses(node, scope);
  scope.site.hosts.push(host);
  walk(node.children, { site: scope.site, host, settings: host.defaults, section: undefined });
}

/** httpd takes <Files> within <If> and never looks into it. */
function skipFiles(node: SectionNode, scope: Scope): void {
  const guard = findAccess(node);
  const mend = `${title(node)} within ${scope.section?.title} is never looked at, nor is it by httpd; write it around the <If>`;
  if (guard === undefined) warn(node, scope, mend, 'not-honoured');
  else restricts(guard, scope, mend);
}

function findAccess(section: SectionNode): ConfigNode | undefined {
  for (const child of section.children) {
    const rule = findDirective(child.kind === 'section' ? `<${child.key}` : child.key);
    if (rule?.handling === 'restricts' || ACCESS_DIRECTIVES.has(child.key)) return child;
    if (child.kind === 'directive' && turnsAway(child)) return child;
    const deeper = child.kind === 'section' ? findAccess(child) : undefined;
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

/** A Redirect or RewriteRule that answers with an error. */
function turnsAway(node: DirectiveNode): boolean {
  if (node.key === 'redirect' || node.key === 'redirectmatch') return /^([45]\d\d|gone)$/i.test(node.words[0] ?? '');
  return (
    node.key === 'rewriterule' &&
    /\[(.*,)?\s*(f|g|forbidden|gone|r(edirect)?=[45]\d\d)\s*(,.*)?\]/i.test(node.words[2] ?? '')
  );
}
