// What a health check asks a member, octet by octet as mod_proxy_hcheck asks it (modproxy.md §11; measured on httpd
// 2.4.71). One departure: where member and hcuri name no path httpd sends an empty target, which no server can take.

import type { HealthCheckMethod, MemberConfig } from '../../balancer/config.ts';
import { sealPath } from '../../site/path.ts';

export type Question =
  /** Nothing is said: it is enough to be connected. */
  | { readonly kind: 'connect' }
  /** CPING, to be answered with CPONG. */
  | { readonly kind: 'ping' }
  | {
      readonly kind: 'http';
      readonly method: 'GET' | 'HEAD' | 'OPTIONS';
      readonly target: string;
      readonly minorVersion: 0 | 1;
    };

/** What `hcmethod` asks of a member; undefined for NONE. */
export function questionOf(member: MemberConfig): Question | undefined {
  const { method } = member.healthCheck;
  switch (method) {
    case 'NONE':
      return undefined;
    case 'TCP':
      return { kind: 'connect' };
    case 'CPING':
      return { kind: 'ping' };
    default: {
      const name = method.replace('11', '') as 'GET' | 'HEAD' | 'OPTIONS';
      const target = name === 'OPTIONS' ? '*' : healthTarget(member);
      return { kind: 'http', method: name, target, minorVersion: isVersion11(method) ? 1 : 0 };
    }
  }
}

/**
 * The target of GET and HEAD checks: the member's path, a slash where it has one and hcuri is given, hcuri as written but
 * for what would end the request line: forms of a manager may hold any octet.
 */
export function healthTarget(member: MemberConfig): string {
  const { uri } = member.healthCheck;
  const target = `${member.path}${member.path !== '' && uri !== '' ? '/' : ''}${uri}`;
  return sealPath(target.startsWith('/') ? target : `/${target}`);
}

/** The octets of an HTTP question, as latin1 text. */
export function requestText(question: Question & { kind: 'http' }, member: MemberConfig): string {
  const host = member.host.includes(':') ? `[${member.host}]` : member.host;
  return `${question.method} ${question.target} HTTP/1.${question.minorVersion}\r\nHost: ${host}:${member.port}\r\n\r\n`;
}

function isVersion11(method: HealthCheckMethod): boolean {
  return method.endsWith('11');
}
