// How the path of a request goes to Tomcat under JkOptions ForwardURI… (modjk.md §3, recordings J-MAP-08-*).

import type { JkOptions } from '../../site/jk/model-jk.ts';
import type { Visit } from '../visit.ts';

/** What mod_jk's own escaping leaves as it is, and what httpd's does: the same octets. */
const LEFT_ALONE = /^[A-Za-z0-9~$\-_.+!*'(),:;@&=/]*$/;
const ESCAPED = /[^A-Za-z0-9~$\-_.+!*'(),:;@&=/]/g;
/** Where an encoded slash stays one, its percent sign and that of others are still those of an encoding. */
const ESCAPED_ENCODED = /[^A-Za-z0-9~$\-_.+!*'(),:;@&=/%]/g;

/** A percent sign that would begin an encoding once more: Tomcat would see a path that no access rule has seen. */
const LIKE_ENCODED = /%(?=[0-9A-Fa-f]{2})/g;
/** The others, where they are encoded still. */
const PERCENT_ENCODED = /%25(?![0-9A-Fa-f]{2})/g;

/**
 * The path for Tomcat, without query. `proxy`: decoded, then escaped anew; `escaped`: the same in small letters;
 * `compat`: decoded, and no encoding again; `compat-unparsed`: as the client sent it, dot segments and all. A slash that stays encoded
 * (AllowEncodedSlashes NoDecode) goes on so, while mod_jk would encode its percent sign.
 */
export function forwardedUri(form: JkOptions['forwardUri'], visit: Visit): string {
  if (form === 'compat-unparsed') return visit.forms.raw;
  const { path } = visit.goal;
  const keepsSlashes = visit.host.host.allowEncodedSlashes === 'no-decode';
  if (form === 'compat') return keepsSlashes ? path.replace(PERCENT_ENCODED, '%') : path.replace(LIKE_ENCODED, '%25');
  if (LEFT_ALONE.test(path)) return path;
  return path.replace(keepsSlashes ? ESCAPED_ENCODED : ESCAPED, form === 'proxy' ? escapeUpper : escapeLower);
}

function escapeLower(octet: string): string {
  return `%${octet.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function escapeUpper(octet: string): string {
  return escapeLower(octet).toUpperCase();
}
