// Every property of workers.properties: what it is for, of which workers, with range and default. Data for the reader, for
// messages and for the reference page. Source: modjk.md §2; what mod_jk 1.2.48 takes beyond it, too.

import type { Repetition } from '../../config/modjk/property-table.ts';

export interface WorkerProperty {
  readonly name: string;
  /** Letters: G the file, A a Tomcat that rules name, M a member of an lb, L an lb, T a status worker. */
  readonly of: string;
  /** Unit or form of the value. */
  readonly unit: string;
  readonly byDefault: string;
  readonly range: string;
  readonly meaning: string;
}

/** Honoured properties. */
export const WORKER_PROPERTIES: readonly WorkerProperty[] = rows(`
  list | G | names | ajp13 | grows | workers that rules may name
  maintain | G | seconds | 60 | from 0: never | how often states, shares and idle connections are looked after
  reference | A M L T | worker.name | none | up to 20 deep | takes over what that worker has and this one has not
  type | A M L T | ajp13, ajp14, lb, status | ajp13 | | what the worker is; ajp14 is spoken as ajp13
  mount | A L T | patterns | none | grows | paths that go to this worker, as by JkMount in the main server
  host | A M | name or address | localhost | | where Tomcat is; ours: name:port too
  port | A M | number | 8009; ajp14 8011 | 0 to 65535 | where Tomcat listens; 0: the member is stopped
  source | A M | IP address | any | | address from which Tomcat is dialled
  socket_timeout | A M | seconds | 0: none | from 0 | limit for every read and write
  socket_connect_timeout | A M | milliseconds | socket_timeout | from 0 | limit for connecting
  socket_keepalive | A M | boolean | off | | the system keeps idle connections alive
  ping_mode | A M | letters C, P, I, A | none | | when Tomcat is asked by CPING: on connect, before a request, in between, all
  ping_timeout | A M | milliseconds | 10000 | from 0 | how long its answer may take
  connect_timeout | A M | milliseconds | 0, or ping_timeout | from 0 | CPING on a new connection, and the time for its answer
  prepost_timeout | A M | milliseconds | 0, or ping_timeout | from 0 | CPING before a request, and the time for its answer
  connection_ping_interval | A M | seconds | 0, or ping_timeout/100 | from 0 | idle time after which a connection is asked by CPING
  connection_pool_size | A M | number | as many as there are requests | from 1 | connections at most
  connection_pool_minsize | A M | number | half of connection_pool_size | from 0 | idle connections that are kept
  connection_pool_timeout | A M | seconds | 0: never | from 0 | idle time after which a connection is closed
  connection_acquire_timeout | A M | milliseconds | retries × retry_interval | from 0 | wait for a connection when all are in use
  reply_timeout | A M | milliseconds | 0: none | from 0 | longest silence of Tomcat within an answer
  retries | A M L | number | 2 | from 1 | tries at the same Tomcat; of an lb: rounds over its members
  retry_interval | A M L | milliseconds | 100 | from 0 | pause before a further try
  recovery_options | A M | bit mask | 0 | 0 to 31 | when a failed request may not be sent again
  fail_on_status | A M | statuses, or -status | none | grows; 100 to 599 | answers that send the request to another member; with minus this one stays OK
  max_packet_size | A M | octets | 8192 | 8192 to 65536 | size of an AJP packet, as packetSize in Tomcat
  busy_limit | A M | number | 0: none | from 0 | more requests than this at once, and the member counts as busy
  secret | A M L | text | none | | the word that Tomcat asks for; of an lb: for members without their own
  lbfactor | M | number | 1 | from 1 | share of the requests
  route | M | text | name of the worker | up to 60 characters | what session ids end in, jvmRoute in Tomcat
  domain | M | text | route up to a dot | up to 60 characters | members that share their sessions
  redirect | M | route | none | up to 60 characters | who takes the sessions while this member is out
  distance | M | number | 0 | | nearer members are tried first
  activation | M | a, d, s | active | | disabled: only its sessions; stopped: nothing
  balance_workers | L | names | none | grows; at least one | members of the lb
  sticky_session | L | boolean | on | | sessions go back to their member
  sticky_session_force | L | boolean | off | | a session whose member is out gets 503
  method | L | R, S, T, B, N | R | | chosen by requests, sessions, traffic, busyness, next
  lock | L | O, P | O | | shown by the status worker: there is one lock
  lb_retries | L | number | 2 | from 1 | members tried in one round
  recover_time | L | seconds | 60 | from 1 | time until a member in error is tried again
  error_escalation_time | L | seconds | half of recover_time | from 0 | how long a busy member may fail until it is in error
  max_reply_timeouts | L | number | 0 | from 0 | more reply timeouts than this, and the member is in error
  session_cookie | L | name | JSESSIONID | up to 60 characters | cookie that holds the session id
  session_path | L | text | ;jsessionid | up to 60 characters | what stands before the session id in a path
  set_session_cookie | L | boolean | off | | the front names the member in a cookie
  session_cookie_path | L | path | / | up to 60 characters | path of that cookie
  css | T | URL | none | | style sheet of the page
  prefix | T | text | worker | | first word of lines of mime=prop
  ns | T | text, or - | jk: | | prefix of elements of mime=xml
  xmlns | T | text, or - | xmlns:jk="http://tomcat.apache.org" | | attribute of the root element of mime=xml
  doctype | T | text | none | | what stands before the root element of mime=xml
  read_only | T | boolean | off | | nothing can be changed
  user | T | names | everybody | grows | who may see the page
  user_case_insensitive | T | boolean | off | | letter case of users does not count
  good | T | ratings | a.o, a.i, a.b, a.r | grows | activations and states that count as good
  bad | T | ratings | s, e | grows | activations and states that count as bad
`);

/** Names of former times that still count, and what they are called now. */
export const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ['balanced_workers', 'balance_workers'],
  ['jvm_route', 'route'],
  ['cachesize', 'connection_pool_size'],
  ['cache_timeout', 'connection_pool_timeout'],
  ['disabled', 'activation=disabled'],
  ['stopped', 'activation=stopped'],
]);

/** Names that are known and do nothing here, with what to do about it. */
export const WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map([
  ['recycle_timeout', 'connection_pool_timeout closes idle connections'],
  ['local_worker', 'distance says which members come first'],
  ['local_worker_only', 'distance says which members come first'],
  ['secretkey', 'the login of ajp14 is not spoken; secret is what Tomcat asks for'],
  ['socket_buffer', 'the system chooses the buffers'],
  ['prefer_ipv6', 'all addresses of a name are tried, in the order of the system'],
  ...'sysprops stdout stderr mx ms class_path bridge jvm_lib ld_path cmd_line native_lib'
    .split(' ')
    .map((name): [string, string] => [name, 'no virtual machine is started in the front']),
]);

/** Ours: `catflap.<lb>.<name>`, which mod_jk takes for variables. */
export const OWN_PROPERTIES: readonly WorkerProperty[] = rows(`
  probe | L | seconds | CatflapProbe, else 0: never | from 0.1 | how often members in error are asked by CPING whether they are back
  slow_start | L | seconds | 0 | from 0 | time over which a member that came back gets its full share
`);

const KNOWN = new Set([...WORKER_PROPERTIES.map(({ name }) => name), ...OLD_NAMES.keys(), ...WITHOUT_EFFECT.keys()]);

export const KNOWN_PROPERTIES: ReadonlySet<string> = KNOWN;

const LISTS = new Set([
  'balance_workers',
  'balanced_workers',
  'mount',
  'user',
  'good',
  'bad',
  'fail_on_status',
  'list',
]);
/** mod_jk joins what it does not know to be single with `*`, of which a number reads the first part. */
const FIRST = new Set(['distance', 'maintain']);

/** What a property does that comes again (mod_jk 1.2.48; variables: see differences). */
export function repetitionOf(key: string): Repetition {
  if (!key.startsWith('worker.')) return 'last';
  const name = key.slice(key.lastIndexOf('.') + 1);
  if (LISTS.has(name)) return 'grows';
  return FIRST.has(name) ? 'first' : 'last';
}

function rows(text: string): WorkerProperty[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const cells = line.split(/ \|(?= |$)/).map((cell) => cell.trim());
      const [name = '', of = '', unit = '', byDefault = '', range = '', meaning = ''] = cells;
      return { name, of, unit, byDefault, range, meaning };
    });
}
