// How the path of a request goes to Tomcat under JkOptions ForwardURI… (modjk.md §3, recordings J-MAP-08-*).

import type { JkOptions } from '../../site/jk/model-jk.ts';
import type { RequestPath } from '../../site/path.ts';

/** What mod_jk's own escaping leaves as it is, and what httpd's does: the same octets. */
const LEFT_ALONE = /^[A-Za-z0-9~$\-_.+!*'(),:;@&=/]*$/;
const ESCAPED = /[^A-Za-z0-9~$\-_.+!*'(),:;@&=/]/g;

/**
 * The path for Tomcat, without query. `proxy`: decoded, then escaped anew; `escaped`: the same in small letters;
 * `compat`: decoded; `compat-unparsed`: as the client sent it, dot segments and all.
 */
export function forwardedUri(form: JkOptions['forwardUri'], path: RequestPath): string {
  switch (form) {
    case 'compat':
      return path.decoded;
    case 'compat-unparsed':
      return path.raw;
    case 'proxy':
      return LEFT_ALONE.test(path.decoded) ? path.decoded : path.decoded.replace(ESCAPED, escapeUpper);
    case 'escaped':
      return LEFT_ALONE.test(path.decoded) ? path.decoded : path.decoded.replace(ESCAPED, escapeLower);
  }
}

function escapeLower(octet: string): string {
  return `%${octet.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function escapeUpper(octet: string): string {
  return escapeLower(octet).toUpperCase();
}
