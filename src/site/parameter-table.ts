// The parameters of members and balancers as the reference shows them: unit, default, range, meaning. Data only; a test
// holds the keys against those that `worker-parameters.ts` and `balancer-parameters.ts` take. Facts: modproxy.md §3.

export interface ParameterRow {
  readonly key: string;
  /** Unit or form of the value. */
  readonly unit: string;
  readonly byDefault: string;
  readonly range: string;
  readonly meaning: string;
}

/** Of a member or a direct target: on BalancerMember, ProxyPass, ProxySet. */
export const WORKER_PARAMETER_ROWS: readonly ParameterRow[] = rows(`
  loadfactor | number | 1 | 1 to 100, two decimals | share of the requests
  route | text | none | up to 63 characters | name in session ids that leads to this member
  redirect | text | none | up to 63 characters | route that takes the sessions when this member is out
  lbset | number | 0 | 0 to 99 | lower sets are tried first
  status | letters | none | I N D S E H R C, with + and - | ignore errors, drain, disabled, stopped, in error, hot standby, hot spare, check failed
  retry | seconds | 60 | from 0 | how long a member stays in error
  timeout | seconds | ProxyTimeout | from 1 | silence of the backend that is borne
  connectiontimeout | seconds, or ms | timeout | from 1 ms | time for a connection to come about
  ping | seconds, or ms | off | from 1 ms | AJP: CPING before each request, and the wait for its answer; http: 100-continue before a body
  acquire | milliseconds | none: waits | from 1 ms | wait for a place in the pool; then 503 or another member
  min | number | 0 | from 0 | no effect, nor in httpd: connections are opened when they are needed, up to smax of them kept
  max | number | 400 | from 0, 0 the default | connections at one time
  smax | number | max | from 0 | connections above it are closed after ttl
  ttl | seconds | off | from 1 | idle time after which connections above smax are closed
  disablereuse | On or Off | Off | | every request has a connection of its own
  enablereuse | On or Off | On | | the reverse of disablereuse
  keepalive | On or Off | Off | | TCP keep-alive towards the backend
  addressttl | seconds | 10, for new connections | -1 for good, or from 0 | how long the addresses of a name hold; then idle connections to others are closed; 0: each request asks and connects anew
  iobuffersize | octets | ProxyIOBufferSize | 0, or from 512 | buffer; size of an AJP packet
  receivebuffersize | octets | 0 | 0, or from 512 | no effect: the system chooses
  responsefieldsize | octets | 8192 | from 0 | longest header line of an http backend; longer is 502
  flushpackets | On, Off, Auto | octets never wait | | AJP: whether octets of an answer wait for company: On never, Off until there are 8000 octets or the end, Auto for flushwait
  flushwait | milliseconds | 10 | 0 to 1000 | pause after which octets go on with flushpackets=Auto
  flusher | text | flush | up to 15 characters | no effect
  secret | text | none | up to 63 characters | AJP: the word that Tomcat asks for
  upgrade | protocol, ANY, NONE | none; WebSocket for ws | up to 15 characters | protocols that a connection may change to
  companion | URL | none | http://, for ajp:// members | ours: where upgrades of an AJP member go
  hcmethod | NONE, TCP, OPTIONS, HEAD, GET, CPING, OPTIONS11, HEAD11, GET11 | NONE | | how the member is checked
  hcinterval | seconds, or ms | 30 | from 100 ms | time between checks
  hcpasses | number | 1 | from 0 | checks that must go well until a member is back
  hcfails | number | 1 | from 0 | checks that must fail until a member is out
  hcuri | text | none | up to 63 characters | path that is asked for
  hcexpr | name | none | of a ProxyHCExpr before it | expression that judges the answer
  hctemplate | name | none | of a ProxyHCTemplate before it | parameters to begin with
`);

/** Of a balancer: on its ProxyPass, on ProxySet, on `<Proxy balancer://…>`. */
export const BALANCER_PARAMETER_ROWS: readonly ParameterRow[] = rows(`
  lbmethod | byrequests, bytraffic, bybusyness, heartbeat | byrequests | | how a member is chosen
  stickysession | name, or cookie|path | none | up to 64 characters | where session ids are found
  stickysessionsep | one character, or Off | . | | what stands between session id and route
  scolonpathdelim | On or Off | Off | | a semicolon ends the session id in a URL
  nofailover | On or Off | Off | | sessions whose member is out get 503
  timeout | seconds | 0 | from 1 | wait for a member when none is usable
  maxattempts | number | one less than members | from 0 | other members to try after a failure
  failonstatus | statuses, with commas | none | 100 to 599 | answers after which a member is in error
  failontimeout | On or Off | Off | | timeouts put a member in error
  forcerecovery | On or Off | On | | all in error: all are tried again
  nonce | text, or None | new at each start | up to 36 characters | word that changes in the manager need
  growth | number | 0 | 1 to 100 | members that may be added at run time
`);

function rows(text: string): ParameterRow[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [key = '', unit = '', byDefault = '', range = '', meaning = ''] = line
        .split(/ \|(?= )/)
        .map((cell) => cell.trim());
      return { key, unit, byDefault, range, meaning };
    });
}
