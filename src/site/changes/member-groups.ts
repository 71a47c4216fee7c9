// Groups of values within a member's configuration that may be changed at run time, each under one name in the overlay.

import type { MemberConfig } from '../../balancer/config.ts';
import type { MemberChanges } from './overlay.ts';

export const MEMBER_GROUPS = ['flags', 'healthCheck', 'lb', 'tries', 'pool', 'address'] as const;
export type MemberGroup = (typeof MEMBER_GROUPS)[number];

/** The values of a group as they are in a configuration; none where it has no such group. */
export function memberGroup(member: MemberConfig, group: MemberGroup): object {
  switch (group) {
    case 'tries':
      return member.lb?.tries ?? {};
    case 'address':
      return { host: member.host, port: member.port };
    default:
      return member[group] ?? {};
  }
}

/** A member's configuration in force. */
export function changedMember(member: MemberConfig, changes: MemberChanges | undefined): MemberConfig {
  if (changes === undefined) return member;
  const { flags, healthCheck, loadFactor, set, route, redirect, ioBufferSize } = changes;
  const pool = changes.pool === undefined ? member.pool : Object.freeze({ ...member.pool, ...changes.pool });
  return Object.freeze({
    ...member,
    ...changedAddress(member, changes.address),
    loadFactor: loadFactor ?? member.loadFactor,
    set: set ?? member.set,
    route: route ?? member.route,
    redirect: redirect ?? member.redirect,
    flags: Object.freeze({ ...member.flags, ...flags }),
    healthCheck: Object.freeze({ ...member.healthCheck, ...healthCheck }),
    pool,
    ...(ioBufferSize !== undefined && { ioBufferSize }),
    ...(member.lb !== undefined && { lb: changedLb(member.lb, changes) }),
  });
}

function changedLb(lb: NonNullable<MemberConfig['lb']>, { lb: further, tries }: MemberChanges): MemberConfig['lb'] {
  if (further === undefined && tries === undefined) return lb;
  return Object.freeze({ ...lb, ...further, tries: Object.freeze({ ...lb.tries, ...tries }) });
}

function changedAddress(member: MemberConfig, address: MemberChanges['address']): Partial<MemberConfig> {
  if (address === undefined) return {};
  const host = address.host ?? member.host;
  const port = address.port ?? member.port;
  return { host, port, url: `${member.scheme}://${host.includes(':') ? `[${host}]` : host}:${port}` };
}
