// Why a request is answered as it is, as data: what `explain` prints and what the log says of a request that is to be
// explained. Texts are for people, `place` is file and line; secrets and session ids are never whole in it, but for
// what the URL itself says.

import type { Cause } from '../../balancer/troubles.ts';
import type { Place } from '../../config/finding.ts';
import type { Opinion } from '../../site/access/access.ts';
import type { HostReason } from '../../site/host.ts';

export interface Explanation {
  readonly request: RequestFacts;
  /** Of a request that somebody asked about. */
  readonly listener?: ListenerFacts;
  readonly host: HostFacts | undefined;
  /** One walk through mapping, access and handler; an internal redirect (index, error page) makes another. */
  readonly passes: readonly PassFacts[];
  /** The environment at the end, `BALANCER_…` included. */
  readonly env: Readonly<Record<string, string>>;
  readonly session: SessionFacts | undefined;
  /** Of a proxied request: one election per attempt. */
  readonly elections: readonly ElectionFacts[];
  /** What the last member gets, or would get. */
  readonly backend: BackendFacts | undefined;
  readonly response: ResponseFacts;
  /** Undefined when a backend would answer and was not asked. */
  readonly answer: AnswerFacts | undefined;
}

export interface RequestFacts {
  readonly method: string;
  readonly target: string;
  readonly client: string;
  /** `address:port` the request came to. */
  readonly arrivedAt: string;
  readonly isSecure: boolean;
  /** Nothing was sent to a backend and no counter was changed. */
  readonly isRehearsal: boolean;
}

export interface ListenerFacts {
  readonly address: string;
  readonly port: number;
  readonly place: Place;
  readonly remarks: readonly string[];
}

export interface HostFacts {
  readonly name: string;
  readonly place: Place;
  readonly reason: HostReason;
  /** Name that the request asked for. */
  readonly asked: string | undefined;
  /** The other hosts at the address. */
  readonly others: readonly Named[];
}

export interface Named {
  readonly text: string;
  readonly place: Place;
}

export interface PassFacts {
  /** As sent, or as the internal redirect says. */
  readonly path: string;
  /** Decoded, dot segments and doubled slashes resolved; undefined when it cannot be. */
  readonly decoded: string | undefined;
  readonly mapping: MappingFacts;
  /** Sections in force, in the order in which they are laid over each other. */
  readonly sections: readonly Named[];
  /** Undefined when nobody asked who may enter. */
  readonly access: AccessFacts | undefined;
  /** What would answer. */
  readonly goal: GoalFacts;
}

export interface MappingFacts {
  /** The rule that took the request. */
  readonly rule: Named | undefined;
  /** Path for the backend, before a member's own. */
  readonly path: string | undefined;
  /** Rules tried before that nearly fit. */
  readonly nearly: readonly (Named & { readonly why: string })[];
  /** Rules that fit too and stand behind it. */
  readonly later: readonly Named[];
  /** Rules tried before it that are not even near. */
  readonly otherCount: number;
}

export interface AccessFacts {
  readonly isAllowed: boolean;
  /** Some rule is in force; without any everybody may enter. */
  readonly hasRules: boolean;
  /** Lines that were asked, in order: asking ends with the one that decides. */
  readonly lines: readonly (Named & { readonly opinion: Opinion })[];
}

export type GoalFacts =
  | { readonly kind: 'proxy'; readonly target: string }
  | { readonly kind: 'file'; readonly file: string | undefined }
  | { readonly kind: 'page'; readonly handler: string }
  /** Of mod_jk; no type: there is no such worker. */
  | { readonly kind: 'worker'; readonly name: string; readonly type: 'lb' | 'ajp' | 'status' | undefined }
  | { readonly kind: 'none' };

export interface SessionFacts {
  /** `JSESSIONID|jsessionid`; undefined when the balancer does not look for sessions. */
  readonly looksFor: string | undefined;
  readonly found: SessionFound | undefined;
  /** Sessions that the request names too and that are not looked at, because the first one counts. */
  readonly hidden: readonly SessionFound[];
  readonly remarks: readonly string[];
}

export interface SessionFound {
  readonly source: 'url' | 'cookie';
  readonly name: string;
  /** Shortened. */
  readonly id: string;
  readonly route: string | undefined;
}

export interface ElectionFacts {
  /** `balancer://name`, or the URL of a direct target. */
  readonly balancer: string;
  readonly place: Place | undefined;
  readonly isDirect: boolean;
  readonly method: string;
  readonly members: readonly MemberFacts[];
  readonly chosen: string | undefined;
  readonly why: string;
  /** BALANCER_ROUTE_CHANGED. */
  readonly isRouteChanged: boolean;
  readonly remarks: readonly string[];
  /** How the attempt failed, of a request that was really sent. */
  readonly failure?: { readonly code: string; readonly why: string };
}

export interface MemberFacts {
  readonly url: string;
  readonly place: Place | undefined;
  readonly route: string;
  readonly set: number;
  readonly role: 'active' | 'spare' | 'standby';
  /** As managers print it: `Init Ok`. */
  readonly status: string;
  readonly loadFactor: number;
  /** Before the election. */
  readonly standing: number;
  readonly busy: number;
  readonly elected: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** What became of it in this election. */
  readonly verdict: string;
  /** What went wrong with it last. */
  readonly lastError: Cause | undefined;
}

export interface BackendFacts {
  readonly url: string;
  /** Where it is dialled, when that is not what its URL says. */
  readonly dialled: string | undefined;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly pingMs: number;
  /** Request line, or the fields before the headers of an AJP request. */
  readonly head: readonly (readonly [name: string, value: string])[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** AJP request attributes. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

export interface ResponseFacts {
  /** Rules of ProxyPassReverse and its kin in force. */
  readonly reverse: readonly Named[];
  /** Header lines in force. */
  readonly headers: readonly Named[];
  /** Statuses that ProxyErrorOverride takes; undefined when it is off. */
  readonly overrides: string | undefined;
}

export interface AnswerFacts {
  readonly status: number;
  readonly location: string | undefined;
  /** Code of the failure behind an error. */
  readonly code: string | undefined;
  readonly why: string | undefined;
}
