// One random site before two fronts, each with backends of its own: what clients get and what backends are asked.

import { fetchOnce, type RequestText } from './client.ts';
import { FakeBackends, MEMBERS } from './fake-backends.ts';
import { Front, type FrontKind, FrontRefused } from './front.ts';
import type { Random } from './random.ts';
import { randomSite, randomSiteEvent, type SiteEvent } from './random-site.ts';

export interface SiteDifference {
  readonly configuration: string;
  /** Undefined: one of them does not start. */
  readonly request: RequestText | undefined;
  readonly first: string;
  readonly second: string;
}

const ANSWER_LIMIT_MS = 10_000;
/** Fields of answers that rules can have touched. */
const COMPARED = /^(?:x-|location$|content-location$|set-cookie$|content-type$|accept$)/;
/** Fields of requests that differ by nature: ports, and what speaks of the connection. */
const LEFT_OUT = /^(?:host|connection|x-forwarded-server|max-forwards|content-length|transfer-encoding)$/;

/** Plays one site. @returns the first difference, and how many answers were the same */
export async function playSite(
  random: Random,
  fronts: readonly [FrontKind, FrontKind],
  events: number,
): Promise<{ difference: SiteDifference | undefined; answers: string[] }> {
  const site = randomSite(random);
  const { configuration } = site;
  await using sides = new AsyncDisposableStack();
  const started: { front: Front; backends: FakeBackends }[] = [];
  const refusals: string[] = [];
  for (const kind of fronts) {
    const backends = sides.use(await FakeBackends.start());
    const conf = withPorts(configuration, backends);
    try {
      started.push({ front: sides.use(await Front.start(kind, { conf, files: site.files })), backends });
    } catch (failure) {
      if (!(failure instanceof FrontRefused)) throw failure;
      refusals.push(`${kind}: ${failure.message}`);
    }
  }
  if (refusals.length === fronts.length) return { difference: undefined, answers: [] };
  const answers: string[] = [];
  const [one, other] = started;
  if (one === undefined || other === undefined) {
    const difference = { configuration, request: undefined, first: refusals.join('\n'), second: 'starts' };
    return { difference, answers };
  }
  for (let at = 0; at < events; at++) {
    const event = randomSiteEvent(random, site);
    const [first, second] = [await play(event, one), await play(event, other)];
    if (first !== second) {
      const request = event.kind === 'ask' ? event.request : undefined;
      return { difference: { configuration, request, first, second }, answers };
    }
    if (first !== '') answers.push(first);
  }
  return { difference: undefined, answers };
}

function withPorts(configuration: string, backends: FakeBackends): string {
  return configuration.replace(/@([a-d]):(ajp|http)@/g, (_, member: 'a', protocol: 'ajp') =>
    String(backends.ports[protocol][member]),
  );
}

async function play(event: SiteEvent, { front, backends }: { front: Front; backends: FakeBackends }): Promise<string> {
  if (event.kind === 'mode') {
    await backends.mode(event.member, event.mode);
    return '';
  }
  backends.clear();
  const answer = await fetchOnce(front.port, event.request, ANSWER_LIMIT_MS);
  const anonymous = portsHidden(front, backends);
  const fields = answer.headers
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => COMPARED.test(name))
    .filter(([name]) => (answer.status === 200 && event.request.method !== 'OPTIONS') || name !== 'content-type')
    .map(([name, value]) => `${name}: ${value}`)
    .sort();
  const seen = MEMBERS.flatMap((member) => backends.state(member).log).map((request) => {
    const headers = request.headers
      .map(([name, value]) => [name.replace(/^#[^:]*:/, '').toLowerCase(), value] as const)
      .filter(([name]) => !LEFT_OUT.test(name))
      // Several fields of a name are as good as one with commas.
      .flatMap(([name, value]) => `${value}`.split(/, */).map((part) => `${name}: ${part}`))
      .sort();
    const attributes = (request.attributes ?? [])
      .filter(([name]) => !name.endsWith('AJP_REMOTE_PORT'))
      .map(([name, value]) => `${name}=${value}`)
      .sort();
    return `${request.member} ${request.method} ${request.target ?? request.uri} [${headers.join('; ')}] [${attributes.join('; ')}] ${request.body_len ?? '-'}`;
  });
  const isLocal = seen.length === 0 && answer.status === 200;
  const text = isLocal ? answer.body.toString('latin1').trim().slice(0, 40) : '';
  return anonymous(
    `${answer.timedOut ? 'no answer' : answer.status} ${fields.join('; ')} ${text}\n  ${seen.join('\n  ')}`,
  );
}

function portsHidden(front: Front, backends: FakeBackends): (text: string) => string {
  const names = new Map([[String(front.port), 'FRONT']]);
  for (const protocol of ['ajp', 'http'] as const)
    for (const member of MEMBERS) names.set(String(backends.ports[protocol][member]), `${member}:${protocol}`);
  return (text) => text.replace(/\d{4,5}/g, (number) => names.get(number) ?? number);
}
