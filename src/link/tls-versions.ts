// The versions of TLS that are spoken, towards clients and backends.

/** Older ones have known weaknesses, and OpenSSL refuses them at its usual level of security. */
export const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

/** As Node's options want it. @param versions at least one */
export function versionRange(versions: readonly TlsVersion[]): { minVersion: TlsVersion; maxVersion: TlsVersion } {
  const known = TLS_VERSIONS.filter((version) => versions.includes(version));
  return { minVersion: known[0], maxVersion: known[known.length - 1] };
}
