// Names of httpd's modules: which ones this server stands in for, so that `<IfModule>` and lbmethod= know them without
// a LoadModule line (a seed of three LoadModule lines must do).

/** Modules whose directives are honoured here, without `mod_` or `_module`. TLS counts once LoadModule names it. */
export const IMPLEMENTED_MODULES: ReadonlySet<string> = new Set([
  'catflap',
  'core',
  'so',
  'http',
  'unixd',
  'version',
  'watchdog',
  'log_config',
  'logio',
  'access_compat',
  'authz_core',
  'authz_host',
  'alias',
  'dir',
  'env',
  'headers',
  'macro',
  'mime',
  'reqtimeout',
  'setenvif',
  'status',
  'proxy',
  'proxy_ajp',
  'proxy_http',
  'proxy_balancer',
  'proxy_hcheck',
  'slotmem_shm',
  'lbmethod_byrequests',
  'lbmethod_bytraffic',
  'lbmethod_bybusyness',
  'lbmethod_heartbeat',
]);

/** `mod_proxy.c`, `proxy_module` and the like as `proxy`: the names that LoadModule and IfModule use. */
export function moduleName(text: string): string {
  const odd = ODD_NAMES.get(text);
  if (odd !== undefined) return odd;
  if (text.endsWith('_module')) return text.slice(0, -'_module'.length);
  if (text.startsWith('mod_') && text.endsWith('.c')) return text.slice('mod_'.length, -'.c'.length);
  return text;
}

/** Modules whose source file is not called `mod_<name>.c`. */
const ODD_NAMES: ReadonlyMap<string, string> = new Map([
  ['core.c', 'core'],
  ['http_core.c', 'http'],
  ['event.c', 'mpm_event'],
  ['worker.c', 'mpm_worker'],
  ['prefork.c', 'mpm_prefork'],
  ['mpm_winnt.c', 'mpm_winnt'],
  ['mpm_netware.c', 'mpm_netware'],
  ['util_ldap.c', 'ldap'],
]);
