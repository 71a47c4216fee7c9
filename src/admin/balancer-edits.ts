// What a manager's form asks of a balancer as a whole, and of the list of its members, as data (managers.md §3; measured
// on httpd 2.4.71). Taking a member out (`w_remove=1`) is ours.

import { defaultMember, METHOD_NAMES, type MemberConfig } from '../balancer/config.ts';
import type { Member } from '../balancer/member.ts';
import type { BalancerParameters } from '../site/changes/overlay.ts';
import type { Host } from '../site/model.ts';
import { leadingInteger } from '../site/worker-parameters.ts';
import { parseWorkerUrl } from '../site/worker-url.ts';
import { type BalancerView, memberNamed } from './balancer-views.ts';
import type { Parameters } from './form.ts';

const MAX_TIMEOUT_SECONDS = 7200;
const MAX_ATTEMPTS = 99;
/** Longest stickysession that a manager may give: httpd's own odd measure, less than a file may. */
const MAX_STICKY = 62;

/** Reads the parameters of the balancer; what does not fit is told in `refused`. */
export function readBalancerEdits(parameters: Parameters, refused: string[]): BalancerParameters {
  const method = parameters.get('b_lbm');
  const timeout = parameters.get('b_tmo');
  const attempts = parameters.get('b_max');
  const force = parameters.get('b_sforce');
  const knownMethod = METHOD_NAMES.find((name) => name === method);
  if (method !== undefined && knownMethod === undefined)
    refused.push(`b_lbm=${method}: the methods are ${METHOD_NAMES.join(', ')}`);
  const seconds = readNumber('b_tmo', timeout, MAX_TIMEOUT_SECONDS, refused);
  return {
    method: knownMethod,
    timeoutMs: seconds === undefined ? undefined : seconds * 1000,
    maxAttempts: readNumber('b_max', attempts, MAX_ATTEMPTS, refused),
    force: force === undefined ? undefined : leadingInteger(force) !== 0,
    stickySession: readSticky(parameters.get('b_ss'), refused),
  };
}

function readNumber(name: string, value: string | undefined, most: number, refused: string[]): number | undefined {
  if (value === undefined) return undefined;
  const number = leadingInteger(value);
  if (number >= 0 && number <= most) return number;
  refused.push(`${name}=${value}: a number from 0 to ${most}`);
  return undefined;
}

/** An empty field changes nothing; `-` takes stickiness away. */
function readSticky(value: string | undefined, refused: string[]): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (value === '-') return '';
  if (value.length <= MAX_STICKY) return value;
  refused.push(`b_ss has more than ${MAX_STICKY} characters`);
  return undefined;
}

/** Octets that would end a request line or a Host field. */
const UNWRITABLE = /[^\x21-\x7e]/;

/**
 * A member to add, why none can be added, or undefined when none was asked for.
 * @param host whose ProxyIOBufferSize and ProxySourceAddress are for members without their own
 */
export function readNewMember(
  parameters: Parameters,
  view: BalancerView,
  host: Pick<Host, 'ioBufferSizeBytes' | 'sourceAddress'>,
): { readonly member: MemberConfig } | { readonly refused: string } | undefined {
  const url = parameters.get('b_nwrkr');
  if (parameters.get('b_wyes') !== '1' || url === undefined) return undefined;
  const refuse = (why: string) => ({ refused: `b_nwrkr=${url}: ${why}` });
  if (UNWRITABLE.test(url)) return { refused: 'b_nwrkr: a blank or a control octet can stand in no URL' };
  const parsed = parseWorkerUrl(url);
  if (!parsed.ok) return refuse(parsed.problem);
  const { address } = parsed;
  const there = memberNamed(view, url);
  if (there !== undefined) return refuse(`${there.config.url} is a member already, and serves this URL`);
  if (!parsed.isServed) return refuse(`${address.scheme}:// backends are not served`);
  if (view.members.length >= view.room)
    return refuse(`there is room for ${view.room} members; growth= on the balancer makes more`);
  const { ioBufferSizeBytes: ioBufferSize, sourceAddress: localAddress } = host;
  return { member: defaultMember(address, { ioBufferSize, localAddress, flags: { disabled: true } }) };
}

/** Whether the member is to be taken out; a text says why it cannot be. */
export function readRemoval(parameters: Parameters, view: BalancerView, member: Member): boolean | string {
  if (parameters.get('w_remove') !== '1') return false;
  if (view.members.length > 1) return true;
  return `w_remove: ${member.config.url} is the only member of balancer://${view.name}; disable it instead`;
}
