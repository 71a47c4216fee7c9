// Who may not change anything: a page of another site, which makes a browser ask in its user's name. Scripts ask with
// plain GETs and name no page, so only what is surely a foreign page is refused; see SECURITY.md.

import type { Fields } from '../../base/fields.ts';
import { refererHost } from '../form.ts';

/**
 * Why the request comes from a page of another site; undefined when it does not, or when nobody can tell. Browsers say it
 * in Sec-Fetch-Site, where the connection is trusted; otherwise Origin and Referer name the page.
 * @param names by which the client may know this host, lower case
 */
export function foreignPage(fields: Pick<Fields, 'get'>, names: readonly string[]): string | undefined {
  const site = fields.get('Sec-Fetch-Site');
  if (site !== undefined) return site === 'same-origin' || site === 'none' ? undefined : `a browser calls it ${site}`;
  const isOther = (host: string | undefined) => host !== undefined && !names.includes(host);
  const origin = fields.get('Origin');
  if (origin !== undefined)
    return origin === 'null' || isOther(refererHost(origin)) ? `its Origin is ${origin}` : undefined;
  const referer = fields.get('Referer');
  return isOther(refererHost(referer)) ? `its Referer is ${referer}` : undefined;
}
