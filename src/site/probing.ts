// The story of CatflapProbe, which is ours: members in error are asked in the background whether they are back. It stands
// within `<IfModule catflap_module>` where httpd must go on loading the same file.

import { textOf } from '../config/files.ts';
import type { DirectiveNode } from '../config/httpd/tree.ts';
import { type DirectiveHandler, fail, onOff, parseDuration, takes } from './arguments.ts';
import { balancerOf } from './balancers.ts';
import type { Scope } from './draft.ts';
import { looksLikeBalancer } from './worker-url.ts';

/** What On stands for. */
const PROBE_MS_DEFAULT = 2_000;
/** More often would be load, not care. */
const PROBE_MS_LEAST = 100;

/** Directives of this story, by name in lower case. */
export const PROBE_HANDLERS: Readonly<Record<string, DirectiveHandler>> = { catflapprobe: probe };

/** `CatflapProbe On|Off|time`: for all balancers of a host, or for one in its `<Proxy balancer://…>`. */
function probe(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 1)) return;
  const [text] = node.words;
  const on = onOff(text);
  const ms = on === undefined ? parseDuration(text, 's') : on ? PROBE_MS_DEFAULT : 0;
  if (ms === undefined || (on === undefined && ms < PROBE_MS_LEAST)) {
    fail(node, scope, `must be On, Off or a time from 100ms on (2, 500ms, 1mi), not "${textOf(text)}"`);
    return;
  }
  const { section } = scope;
  if (section === undefined) scope.host.probeMs = ms;
  else if (section.kind === 'proxy' && looksLikeBalancer(section.argument)) {
    const balancer = balancerOf(node, scope, section.argument);
    if (balancer !== undefined) balancer.choices.probeMs = ms;
  } else fail(node, scope, `cannot stand in ${section.title}; put it into <Proxy balancer://…> or outside sections`);
}
