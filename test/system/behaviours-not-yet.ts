// Recorded scenarios that Catflap answers otherwise: why, and whether that is meant to stay (docs/reference/differences.md
// says more). An entry whose scenario begins to hold fails the suite, so that this list only shrinks.

const ONCE = 'meant: a client gets one whole answer, not the pieces of several';

export const NOT_YET: readonly { id: string; reason: string }[] = [
  { id: 'P-HDR-06', reason: 'meant: Via names Catflap, without a version' },
  { id: 'P-HDR-20', reason: 'meant: body packets are never larger than the container asked for' },
  { id: 'P-HDR-26', reason: 'meant: Content-Length beside chunked is refused' },
  { id: 'J-ACL-01', reason: 'meant: the status page names Catflap where Debian stands' },
  { id: 'J-FO-07', reason: ONCE },
  { id: 'J-RO-0-GET-midbody', reason: ONCE },
  { id: 'J-RO-1-GET-midbody', reason: ONCE },
  { id: 'J-RO-8-GET-midbody', reason: ONCE },
  { id: 'J-RO-9-GET-midbody', reason: ONCE },
];
