// Whether access rules let in somebody from outside: they are judged for addresses that nobody has. Part of the checks of
// pages that are not for everybody.

import { parseAddress } from '../../base/addresses.ts';
import { NO_SUBJECT } from '../../config/expression/expression.ts';
import { type AccessFacts, isAllowed } from '../access/access.ts';
import type { AccessRules } from '../model.ts';

/** Addresses for documentation (RFC 5737, RFC 3849). */
const STRANGERS: readonly AccessFacts[] = ['203.0.113.77', '2001:db8::77'].map((clientAddress) => ({
  clientAddress,
  serverAddress: '198.51.100.1',
  method: 'GET',
  hasEnv: () => false,
  clientHost: () => '',
  addressesOf: () => [],
  authenticate: () => ({ kind: 'refused' }),
  groupsOf: () => new Set(),
  subject: { ...NO_SUBJECT, clientAddress: parseAddress(clientAddress) },
}));

/** Whether some stranger gets past these rules, without a password. */
export function letsStrangersIn(access: AccessRules | undefined): boolean {
  return STRANGERS.some((stranger) => isAllowed(access, stranger));
}
