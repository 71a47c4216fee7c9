// What a parser answers after it has seen some bytes.

/** All bytes given were taken; the thing is not complete. */
export const MORE = 0;
/** The thing is complete; `consumed` tells where the bytes after it begin. */
export const DONE = 1;
/** The bytes can never become a valid message; `failure` says why, `consumed` points at the octet that decided it. */
export const FAILED = 2;

export type ParseState = typeof MORE | typeof DONE | typeof FAILED;
