// An Explanation for people: one fact a line, labels in a column, file and line behind what was decided by them. Place in
// the picture: `catflap explain` prints it; it only shapes what `frontend` found out.

import { causeLine } from '../balancer/troubles.ts';
import type { Place } from '../config/finding.ts';
import type {
  AccessFacts,
  BackendFacts,
  ElectionFacts,
  Explanation,
  HostFacts,
  MappingFacts,
  MemberFacts,
  Named,
  PassFacts,
  SessionFacts,
  SessionFound,
} from '../frontend/explain/explanation.ts';

const LABEL_WIDTH = 11;
const TIMER_MAX_MS = 2_147_483_647;

/** The whole text, newline at its end. @param root paths below it are shown relative to it */
export function explanationText(explanation: Explanation, root: string): string {
  const out = new Lines(root);
  const { request, listener, host, passes, env, session, elections, backend, answer } = explanation;
  out.plain(`${request.method} ${request.target} from ${request.client}`);
  out.plain('');
  if (listener === undefined) out.line('Listener', request.arrivedAt);
  else {
    const { address, port, place, remarks } = listener;
    out.line('Listener', `${address.includes(':') ? `[${address}]` : address}:${port}`, place);
    for (const remark of remarks) out.more(remark);
  }
  if (host !== undefined) hostLines(out, host);
  for (const [i, pass] of passes.entries()) {
    if (i > 0) {
      out.plain('');
      out.plain(`Then, by an internal redirect to ${pass.path}:`);
    }
    passLines(out, pass);
  }
  const variables = Object.entries(env);
  for (const [i, [name, value]] of variables.entries())
    out.line(i === 0 ? 'Environment' : '', value === '' ? name : `${name}=${value}`);
  if (session !== undefined) sessionLines(out, session);
  for (const [i, election] of elections.entries()) electionLines(out, election, i, session?.found !== undefined);
  if (backend !== undefined) backendLines(out, backend, request.isRehearsal);
  responseLines(out, explanation);
  if (answer !== undefined) {
    const { status, location, code, why } = answer;
    out.line('Answer', `${status}${location === undefined ? '' : ` to ${location}`}`);
    if (why !== undefined) out.more(`${why} (${code})`);
  }
  return out.text;
}

class Lines {
  text = '';
  readonly #root: string;

  constructor(root: string) {
    this.#root = root === '/' ? '' : root.endsWith('/') ? root : `${root}/`;
  }

  plain(text: string): void {
    this.text += `${text}\n`;
  }

  line(label: string, text: string, place?: Place): void {
    this.plain(`${label.padEnd(LABEL_WIDTH)} ${text}${place === undefined ? '' : `  (${this.where(place)})`}`);
  }

  /** Goes on below the line before. */
  more(text: string, place?: Place): void {
    this.line('', text, place);
  }

  where({ file, line }: Place): string {
    const name = file.startsWith(this.#root) ? file.slice(this.#root.length) : file;
    return line > 0 ? `${name}:${line}` : name;
  }

  /** Rows with their columns aligned; nothing is padded at the end. */
  table(label: string, rows: readonly (readonly string[])[]): void {
    const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column].length))) ?? [];
    for (const [i, row] of rows.entries())
      this.line(
        i === 0 ? label : '',
        row
          .map((cell, column) => cell.padEnd(widths[column]))
          .join('  ')
          .trimEnd(),
      );
  }
}

function hostLines(out: Lines, { name, place, reason, asked, others }: HostFacts): void {
  const reasons: Record<HostFacts['reason'], string> = {
    'main-server': 'the main server: no virtual host has this address',
    'only-one': 'the only virtual host at this address',
    'server-name': 'its ServerName is asked for',
    'server-alias': `a ServerAlias fits ${asked}`,
    'first-without-name': 'the first at this address, as the request names no host',
    'first-of-unknown-name': `the first at this address, as none is called ${asked}`,
  };
  out.line('Host', `${name}: ${reasons[reason]}`, place);
  for (const other of others) out.more(`not ${other.text}`, other.place);
}

function passLines(out: Lines, pass: PassFacts): void {
  const { path, decoded, mapping, sections, access, goal } = pass;
  const isSame = decoded === path;
  out.line(
    'Path',
    decoded === undefined ? `${path}, which cannot be decoded` : `${decoded}${isSame ? '' : `, sent as ${path}`}`,
  );
  mappingLines(out, mapping);
  for (const [i, { text, place }] of sections.entries()) out.line(i === 0 ? 'Sections' : '', text, place);
  if (access !== undefined) accessLines(out, access);
  if (goal.kind === 'file') out.line('File', goal.file ?? 'none: there is no DocumentRoot');
  if (goal.kind === 'page') out.line('Handler', goal.handler);
  if (goal.kind === 'worker')
    out.line(
      'Worker',
      `${goal.name}${goal.type === undefined ? ', which there is not in worker.list' : ` (${goal.type})`}`,
    );
}

function mappingLines(out: Lines, { rule, path, nearly, later, otherCount }: MappingFacts): void {
  if (rule === undefined) out.line('Mapping', `none fits${otherCount > 0 ? ` (${rules(otherCount)} tried)` : ''}`);
  else {
    out.line('Mapping', rule.text, rule.place);
    if (path !== undefined) out.more(`path for the backend: ${path}`);
  }
  for (const { text, place, why } of nearly) out.more(`not ${text}: ${why}`, place);
  for (const { text, place } of later) out.more(`${text} fits too, and stands behind it`, place);
}

function rules(count: number): string {
  return `${count} rule${count === 1 ? '' : 's'}`;
}

function accessLines(out: Lines, { isAllowed, hasRules, lines }: AccessFacts): void {
  out.line('Access', `${isAllowed ? 'allowed' : 'refused'}${hasRules ? '' : ': no rule is in force'}`);
  for (const { text, place, opinion } of lines) out.more(`${text} ${opinion}`, place);
}

function sessionLines(out: Lines, { looksFor, found, hidden, remarks }: SessionFacts): void {
  if (looksFor === undefined) out.line('Session', 'not looked for: the balancer has no stickysession');
  else out.line('Session', found === undefined ? `none (looked for ${looksFor})` : sessionText(found));
  for (const session of hidden) out.more(`hidden by it: ${sessionText(session)}`);
  for (const remark of remarks) out.more(remark);
}

function sessionText({ source, name, id, route }: SessionFound): string {
  const where = source === 'url' ? `${name}= in the URL` : `cookie ${name}`;
  return `${where}, id ${id}, ${route === undefined ? 'no route' : `route ${route}`}`;
}

function electionLines(out: Lines, election: ElectionFacts, attempt: number, hasSession: boolean): void {
  const { balancer, place, isDirect, method, members, chosen, why, isRouteChanged, remarks, failure } = election;
  if (isDirect) {
    out.line('Target', balancer, place);
    if (failure !== undefined) out.more(`failed: ${failure.why} (${failure.code})`);
    return;
  }
  out.line(attempt === 0 ? 'Balancer' : `Attempt ${attempt + 1}`, `${balancer}, ${method}`, place);
  out.table(
    'Members',
    members.map((member) => memberRow(out, member, member.url === chosen)),
  );
  for (const { url, lastError } of members)
    if (lastError !== undefined) out.more(`${url} had trouble: ${causeLine(lastError, url)}`);
  for (const remark of remarks) out.more(remark);
  out.line('Chosen', chosen === undefined ? why : `${chosen}, because of ${why}`);
  if (isRouteChanged && hasSession) out.more('the session does not stay where it was (BALANCER_ROUTE_CHANGED)');
  if (failure !== undefined) out.more(`failed: ${failure.why} (${failure.code})`);
}

function memberRow(out: Lines, member: MemberFacts, isChosen: boolean): string[] {
  const { url, place, route, set, role, status, loadFactor, standing, busy, verdict } = member;
  return [
    isChosen ? '*' : '-',
    url,
    route === '' ? 'no route' : `route ${route}`,
    status,
    [
      `factor ${loadFactor}`,
      ...(set === 0 ? [] : [`set ${set}`]),
      ...(role === 'active' ? [] : [role]),
      `standing ${standing}`,
      `busy ${busy}`,
    ].join(', '),
    isChosen ? 'chosen' : verdict,
    place === undefined ? '' : `(${out.where(place)})`,
  ];
}

function backendLines(out: Lines, backend: BackendFacts, isRehearsal: boolean): void {
  const { url, dialled, timeoutMs, connectTimeoutMs, pingMs, head, headers, attributes } = backend;
  out.line('Backend', `${url}${dialled === undefined ? '' : `, dialled at ${dialled}`}`);
  const ping = pingMs > 0 ? `, ${pingMs / 1000} s for the answer to a ping` : '';
  out.more(`waits ${span(connectTimeoutMs)} to connect, ${span(timeoutMs)} for each sign of life${ping}`);
  out.table(
    isRehearsal ? 'Would get' : 'Got',
    head.map(([name, value]) => [`${name}:`, value]),
  );
  out.table(
    'Headers',
    headers.map(([name, value]) => [`${name}:`, value]),
  );
  out.table(
    'Attributes',
    attributes.map(([name, value]) => [`${name}:`, value]),
  );
}

/** Timeouts that are off are as long as a timer can be. */
function span(ms: number): string {
  return ms >= TIMER_MAX_MS ? 'without a limit' : `${ms / 1000} s`;
}

function responseLines(out: Lines, { response, backend }: Explanation): void {
  const named = (label: string, list: readonly Named[]): void => {
    for (const [i, { text, place }] of list.entries()) out.line(i === 0 ? label : '', text, place);
  };
  if (backend !== undefined) named('Rewriting', response.reverse);
  named('Response', response.headers);
  if (backend !== undefined && response.overrides !== undefined)
    out.line('Overridden', `our own page for ${response.overrides} (ProxyErrorOverride)`);
}
