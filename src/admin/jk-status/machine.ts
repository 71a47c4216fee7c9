// The answers for programs: which parts one has and in which order. Each format writes the parts in its own way
// (`xml.ts`, `txt.ts`, `prop.ts`); byte for byte as mod_jk 1.2.48 (jkstatus.md).

import { OPTION, type StatusQuery } from './query.ts';
import { type AjpView, ajpsOf, type JkStatusView, type LbView, lbsOf, type MapView, type MemberView } from './view.ts';

/** How one format writes the parts of an answer; each part ends with its line. */
export interface MachineFormat {
  head(): string;
  server(view: JkStatusView): string;
  time(view: JkStatusView): string;
  software(view: JkStatusView): string;
  /** Around all lb workers of a list; `content` are theirs. */
  lbs(count: number, content: string): string;
  /** Around all ajp workers of a list. */
  ajps(count: number, content: string): string;
  /** `content`: its members and maps. */
  lb(lb: LbView, now: number, content: string): string;
  member(member: MemberView, lb: LbView, now: number): string;
  ajp(ajp: AjpView, now: number): string;
  /** @param id counted from 1 */
  map(map: MapView, id: number, worker: string): string;
  dump(lines: readonly string[]): string;
  result(type: 'OK' | 'ERROR', message: string): string;
  end(): string;
}

/** What an answer is made of, whatever its format. */
export interface StatusPage {
  /** Path of the request, as sent. */
  readonly path: string;
  readonly query: StatusQuery;
  readonly view: JkStatusView;
  /** Why nothing was done or is shown. */
  readonly error: string | undefined;
}

const FINISHED = 'Action finished';

export function machineText(format: MachineFormat, { query, view, error }: StatusPage): string {
  const body = error === undefined ? content(format, query, view) : '';
  const result = error === undefined ? format.result('OK', FINISHED) : format.result('ERROR', error);
  return format.head() + body + result + format.end();
}

function content(format: MachineFormat, query: StatusQuery, view: JkStatusView): string {
  const about = () => format.server(view) + format.time(view) + format.software(view);
  switch (query.command) {
    case 'list':
      return about() + list(format, query, view);
    case 'show':
      return about() + show(format, query, view);
    case 'version':
      return about();
    case 'dump':
      return about() + format.dump(view.dump);
    case 'edit':
      return format.server(view);
    default:
      return '';
  }
}

function list(format: MachineFormat, query: StatusQuery, view: JkStatusView): string {
  const [lbs, ajps] = [lbsOf(view), ajpsOf(view)];
  const showsLbs = lbs.length > 0 && (query.options & OPTION.noLb) === 0;
  const showsAjps = ajps.length > 0 && (query.options & OPTION.noAjp) === 0;
  const lbText = () => lbs.map((lb) => lbPart(format, query, lb, lb.members, view.now)).join('');
  const ajpText = () => ajps.map((ajp) => ajpPart(format, query, ajp, view.now)).join('');
  return (showsLbs ? format.lbs(lbs.length, lbText()) : '') + (showsAjps ? format.ajps(ajps.length, ajpText()) : '');
}

function show(format: MachineFormat, query: StatusQuery, view: JkStatusView): string {
  const worker = view.workers.find(({ name }) => name === query.parameters.get('w'));
  const member = query.parameters.get('sw');
  switch (worker?.kind) {
    case 'lb': {
      const members = worker.members.filter(({ name }) => member === undefined || name === member);
      return lbPart(format, query, worker, members, view.now);
    }
    case 'ajp':
      return ajpPart(format, query, worker, view.now);
    default:
      return '';
  }
}

function lbPart(
  format: MachineFormat,
  query: StatusQuery,
  lb: LbView,
  members: readonly MemberView[],
  now: number,
): string {
  const shown = (query.options & OPTION.noMembers) === 0 ? members : [];
  const memberText = shown.map((member) => format.member(member, lb, now)).join('');
  return format.lb(lb, now, memberText + mapsPart(format, query, lb.maps, lb.name));
}

function ajpPart(format: MachineFormat, query: StatusQuery, ajp: AjpView, now: number): string {
  return format.ajp(ajp, now) + mapsPart(format, query, ajp.maps, ajp.name);
}

function mapsPart(format: MachineFormat, query: StatusQuery, maps: readonly MapView[], worker: string): string {
  if ((query.options & OPTION.noMaps) !== 0) return '';
  return maps.map((map, index) => format.map(map, index + 1, worker)).join('');
}
