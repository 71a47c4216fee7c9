// Pages of two balancer-managers beside each other: what must differ is taken out, the rest is the same to the octet.

/** A page without what must differ: random nonces, products, our own paragraphs, hashes, the number of threads. */
export function comparable(text: string): string {
  return text
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'NONCE')
    .replace(/\[p[0-9a-f]+_/g, '[p_')
    .replace(/<dt>Server (Version|Built): .*?<\/dt>\n/g, '')
    .replace(/<p class='(refused|trouble)'>.*?<\/p>\n/g, '')
    .replace(/<div class='remove'>.*?<\/div>\n/g, '')
    .replace(/<httpd:(smax|max)>\d+</g, '<httpd:$1>N<')
    .replace(/(<httpd:error_time>).*?</g, '$1T<')
    .replaceAll('&#39;', "'")
    .replace(
      /(name='b_lbm' id='b_lbm'>)(.*?)(<\/select>)/gs,
      // httpd lists the methods as they lie in a hash table.
      (_, head: string, options: string, tail: string) => head + options.split('\n').sort().join() + tail,
    );
}

/** The first line that differs, both ways. */
export function difference(one: string, other: string): string | undefined {
  const [lines, others] = [one.split('\n'), other.split('\n')];
  const at = lines.findIndex((line, index) => line !== others[index]);
  if (one === other) return undefined;
  return `line ${at}: ${lines[at]}\nhttpd: ${others[at]}`;
}
