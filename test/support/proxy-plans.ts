// Random proxies before two fronts: fields and PROXY headers that say who the client is, and what each front made of it,
// in access rules, variables, logs and what it sends upstream.

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { AnswerParser, headerOf, requestBytes } from './client.ts';
import { Front, type FrontKind } from './front.ts';
import { until } from './port.ts';
import type { Random } from './random.ts';

const ADDRESSES = [
  ...['8.8.8.8', '8.8.1.1', '9.9.9.9', '10.1.2.3', '127.0.0.1', '127.0.0.2', '192.168.1.1', '172.16.0.1', '172.32.0.1'],
  ...['169.254.1.1', '2001:DB8:0:0::1', '2a00::5', 'fe80::1', '::1', '::ffff:8.8.4.4'],
];
const WRONG = ['', ' ', 'unknown', '8.8.8.8:99', '[2001:db8::1]', '8.8.8.256', '-', '"8.8.8.8"'];
const PEERS = ['127.0.0.1', '127.0.0.2', '127.0.0.7'];

function randomSettings(random: Random): string {
  const lines = ['RemoteIPHeader X-Forwarded-For'];
  const ranges = () =>
    random.pick([
      '127.0.0.1',
      '127.0.0.0/30',
      '127',
      '10',
      '8.8.0.0/16',
      '9.9.9.9 8.8.8.8',
      '2001:db8::/32',
      '0.0.0.0/1',
    ]);
  if (random.chance(0.6)) lines.push(`RemoteIPInternalProxy ${ranges()}`);
  if (random.chance(0.6)) lines.push(`RemoteIPTrustedProxy ${ranges()}`);
  if (random.chance(0.3)) lines.push(`RemoteIPInternalProxy ${ranges()} ${ranges()}`);
  if (random.chance(0.5)) lines.push('RemoteIPProxiesHeader X-Forwarded-By');
  if (random.chance(0.3)) lines.push('RemoteIPProxyProtocol On', 'RemoteIPProxyProtocolExceptions 127.0.0.7');
  return lines.join('\n');
}

function randomField(random: Random): string {
  const count = 1 + random.int(4);
  const members = Array.from({ length: count }, () =>
    random.chance(0.9) ? random.pick(ADDRESSES) : random.pick(WRONG),
  );
  return members.join(random.pick([',', ', ', ' ,  ']));
}

function randomPreface(random: Random): Buffer {
  const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
  switch (random.int(6)) {
    case 0:
      return Buffer.from(`PROXY TCP4 8.8.${random.int(9)}.${random.int(256)} 127.0.0.1 ${random.int(65536)} 80\r\n`);
    case 1:
      return Buffer.from(`PROXY TCP6 2001:db8::${1 + random.int(9)} ::1 ${random.int(65536)} 80\r\n`);
    case 2:
      return Buffer.from('PROXY UNKNOWN a b 1 2\r\n');
    case 3:
      return Buffer.concat([
        signature,
        Buffer.from([0x21, 0x11, 0, 12, 8, 8, random.int(256), 1, 127, 0, 0, 1, 1, random.int(256), 0, 80]),
      ]);
    case 4:
      return Buffer.concat([signature, Buffer.from([0x20, 0, 0, 0])]);
    default:
      return Buffer.from(random.pick(['', 'PROXY ', 'PROXY TCP4 8.8.8.256 127.0.0.1 1 2\r\n', 'proxy\r\n']));
  }
}

/** One request; what the front said of the client, or that it closed. */
function ask(port: number, from: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const parser = new AnswerParser('GET');
    const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true });
    const limit = setTimeout(() => socket.destroy(), 10_000);
    socket.once('connect', () => socket.write(bytes));
    socket.on('data', (piece: Buffer) => parser.feed(piece));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(limit);
      const answer = parser.finish();
      const told = answer.status === 200 ? answer.body.toString() : '';
      resolve(`${answer.status ?? 'closed'} ${headerOf(answer, 'x-client') ?? '-'} ${told}`.trim());
    });
  });
}

/** Tells in its body who it was told the client is. */
async function startTeller(): Promise<Server> {
  const names = ['x-forwarded-for', 'x-forwarded-by'];
  const server = createServer((req, res) => res.end(names.map((name) => req.headers[name] ?? '-').join(' | ')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

export interface Disagreement {
  readonly request: string;
  readonly first: string;
  readonly second: string;
}

/**
 * Plays one random plan on two fronts.
 * @param plant changes the configuration of the first front, to prove that differences are seen
 */
export async function proxySideBySide(
  random: Random,
  fronts: readonly [FrontKind, FrontKind],
  requests: number,
  plant: (configuration: string) => string = (text) => text,
): Promise<{ configuration: string; disagreements: Disagreement[]; answers: Set<string> }> {
  const settings = randomSettings(random);
  const teller = await startTeller();
  const { port } = teller.address() as AddressInfo;
  const configuration = `<IfModule !remoteip_module>
LoadModule remoteip_module /usr/lib/apache2/modules/mod_remoteip.so
</IfModule>
LogFormat "%a %{c}a %h %{remoteip-proxy-ip-list}n %{X-Forwarded-For}i %{X-Number}i" told
CustomLog @DIR@/told told
SetEnvIf Remote_Addr "(.*)" CLIENT=$1
Header always set X-Client %{CLIENT}e
ProxyPass /up http://127.0.0.1:${port}/
<Location /closed>
  Require ip 8.8 2001:db8::/32 127.0.0.2
</Location>
${settings}
`;
  await using first = await Front.start(fronts[0], { conf: plant(configuration) });
  await using second = await Front.start(fronts[1], { conf: configuration });
  const disagreements: Disagreement[] = [];
  const answers = new Set<string>();
  const compare = (request: string, one: string, other: string) => {
    answers.add(other);
    if (one !== other) disagreements.push({ request, first: one, second: other });
  };
  for (let number = 0; number < requests; number++) {
    const from = random.pick(PEERS);
    const path = random.pick(['/up/x', '/closed/x']);
    const field = randomField(random);
    const { head } = requestBytes({
      path,
      headers: [
        ['X-Forwarded-For', field],
        ['X-Number', String(number)],
        ['Connection', 'close'],
      ],
    });
    const isPrefaced = settings.includes('ProxyProtocol') && from !== '127.0.0.7' && random.chance(0.95);
    const bytes = isPrefaced ? Buffer.concat([randomPreface(random), head]) : head;
    const shown = `${number} ${from} ${JSON.stringify(bytes.toString('latin1').slice(0, 200))}`;
    compare(shown, await ask(first.port, from, bytes), await ask(second.port, from, bytes));
  }
  const linesOf = (front: Front) => readFileSync(`${front.dir}/told`, 'latin1').split('\n').sort();
  await until(() => linesOf(first).length === linesOf(second).length, 3000);
  const [ours, theirs] = [linesOf(first), linesOf(second)];
  for (let i = 0; i < Math.max(ours.length, theirs.length); i++) compare('log', ours[i] ?? '', theirs[i] ?? '');
  teller.close();
  return { configuration, disagreements, answers };
}
