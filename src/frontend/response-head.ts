// The last look at a response before its head leaves: Header, the challenge of a 401, and Vary for answers that an
// expression decided by a field of the request, as httpd adds it.

import type { Fields } from '../base/fields.ts';
import { challengeOf } from './access/gate.ts';
import { applyResponseHeaders, type HeaderContext } from './headers.ts';
import type { Visit } from './visit.ts';

/** Runs Header over the response. What was asked before there was an answer is told in Vary only with one made here. */
export function finishResponseHead(visit: Visit, context: HeaderContext): void {
  const { exchange, isOwnError } = visit;
  const { fields } = exchange.response;
  if (visit.varying !== undefined && !isOwnError && visit.goal.kind !== 'proxy') addVary(fields, visit.varying);
  visit.varying = undefined;
  for (const cookie of visit.rewriteCookies ?? []) fields.add('Set-Cookie', cookie);
  applyResponseHeaders(
    visit.settings.headerOps,
    isOwnError ? 'own-error' : 'answer',
    exchange,
    context,
    challengeOf(visit),
  );
  if (visit.varying !== undefined) addVary(fields, visit.varying);
}

/** Adds the names that Vary does not have yet. */
function addVary(fields: Fields, names: readonly string[]): void {
  const members = fields
    .getAll('Vary')
    .flatMap((value) => value.split(','))
    .map((member) => member.trim())
    .filter((member) => member !== '');
  const known = new Set(members.map((member) => member.toLowerCase()));
  if (known.has('*')) return;
  for (const name of names) if (!known.has(name.toLowerCase())) members.push(name);
  fields.set('Vary', members.join(','));
}
