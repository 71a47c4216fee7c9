// The parameters of cmd=update that set a value of a member or of an ajp worker: names, labels of the forms, and what
// values are taken (jkstatus.md).

import type { MemberView } from './view.ts';

/** Fields of the view that may be set. */
export type Field =
  | 'activation'
  | 'factor'
  | 'route'
  | 'redirect'
  | 'domain'
  | 'distance'
  | 'host'
  | 'port'
  | 'poolTimeoutSeconds'
  | 'pingTimeoutMs'
  | 'connectTimeoutMs'
  | 'prepostTimeoutMs'
  | 'replyTimeoutMs'
  | 'retries'
  | 'retryIntervalMs'
  | 'pingIntervalSeconds'
  | 'recoveryOptions'
  | 'busyLimit'
  | 'maxPacketSize';

/** New values, those that differ from what is in force. */
export type TomcatEdits = { -readonly [field in Field]?: MemberView[field] };

export interface Attribute {
  readonly name: string;
  readonly label: string;
  readonly field: Field;
  /** `activation` reads letters and digits, `text` up to 60 octets; numbers as C reads them. */
  readonly kind: 'activation' | 'text' | 'number';
  /** Members only; the others ajp workers have too. */
  readonly isOfLb: boolean;
  /** May be set for all members at once. */
  readonly isForAll: boolean;
  readonly min: number;
  readonly max: number;
  /** Numbers are rounded up to a multiple of it. */
  readonly step: number;
}

const INT_MAX = 2 ** 31 - 1;

/** Longest host, route, redirect or domain, in octets. */
export const NAME_MAX = 60;

/** In the order of the forms. */
export const ATTRIBUTES: readonly Attribute[] = [
  ofLb('vwa', 'Activation', 'activation', { kind: 'activation' }),
  ofLb('vwf', 'LB Factor', 'factor', { min: 1 }),
  ofLb('vwn', 'Route', 'route', { kind: 'text' }),
  ofLb('vwr', 'Redirect Route', 'redirect', { kind: 'text' }),
  ofLb('vwc', 'Cluster Domain', 'domain', { kind: 'text' }),
  ofLb('vwd', 'Distance', 'distance'),
  ofAll('vahst', 'Hostname', 'host', { kind: 'text', isForAll: false }),
  ofAll('vaprt', 'Port', 'port', { max: 65_535, isForAll: false }),
  ofAll('vacpt', 'Connection Pool Timeout', 'poolTimeoutSeconds'),
  ofAll('vapng', 'Ping Timeout', 'pingTimeoutMs'),
  ofAll('vact', 'Connect Timeout', 'connectTimeoutMs'),
  ofAll('vapt', 'Prepost Timeout', 'prepostTimeoutMs'),
  ofAll('vart', 'Reply Timeout', 'replyTimeoutMs'),
  ofAll('var', 'Retries', 'retries', { min: 1 }),
  ofAll('vari', 'Retry Interval', 'retryIntervalMs', { min: 1 }),
  ofAll('vacpi', 'Connection Ping Interval', 'pingIntervalSeconds', { min: 1 }),
  ofAll('varo', 'Recovery Options', 'recoveryOptions'),
  ofAll('vabl', 'Busy Limit', 'busyLimit'),
  ofAll('vamps', 'Max Packet Size', 'maxPacketSize', { min: 8192, max: 65_536, step: 1024 }),
];

export function attributeNamed(name: string): Attribute | undefined {
  return ATTRIBUTES.find((attribute) => attribute.name === name);
}

type Rest = Partial<Pick<Attribute, 'kind' | 'isForAll' | 'min' | 'max' | 'step'>>;

function ofLb(name: string, label: string, field: Field, rest: Rest = {}): Attribute {
  return { ...ofAll(name, label, field, rest), isOfLb: true };
}

function ofAll(name: string, label: string, field: Field, rest: Rest = {}): Attribute {
  return { name, label, field, kind: 'number', isOfLb: false, isForAll: true, min: 0, max: INT_MAX, step: 1, ...rest };
}
