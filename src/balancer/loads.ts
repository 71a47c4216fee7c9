// What backends tell about themselves, as the choice by heartbeats wants to know it. The balancer only asks; whoever
// hears heartbeats answers.

export interface Loads {
  /**
   * Free threads that a host has told of lately; 0 when all are busy, undefined when nothing fresh is known.
   * @param host name or address as the member's URL has it
   */
  ready(host: string): number | undefined;
}

/** What the choice by heartbeats needs. */
export interface HeartbeatServices {
  readonly loads: Loads;
  /** A number from 0 up to, but not including, 1. */
  readonly random: () => number;
}
