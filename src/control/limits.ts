// Bounds of the control protocol, with what happens at each.

export interface ControlLimits {
  /** Octets of one request line; a client that sends more is told and closed. Default 64 KiB. */
  readonly requestBytes: number;
  /** Requests of one client in progress; further ones are refused. Default 16. */
  readonly pendingCount: number;
}

export const DEFAULT_CONTROL_LIMITS: ControlLimits = { requestBytes: 64 * 1024, pendingCount: 16 };

/** Clients at once; one more is closed at the door. */
export const CONTROL_CLIENTS_MAX = 16;
/** A client that says nothing and waits for nothing for so long is closed. */
export const CONTROL_IDLE_MS = 60_000;
/** A name of a resource or operation: words with hyphens, and dots between the rooms that have many. */
export const CONTROL_NAME: RegExp = /^[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*$/;
