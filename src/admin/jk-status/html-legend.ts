// What the columns of the pages for people mean.

export const LEGEND: readonly (readonly [name: string, meaning: string])[] = [
  ['Name', 'Worker name'],
  ['Type', 'Worker type'],
  ['Route', 'Worker route'],
  ['Act', 'Worker activation configuration<br/>\nACT=Active, DIS=Disabled, STP=Stopped'],
  [
    'State',
    'Worker error status<br/>\nOK=OK, ERR=Error with substates<br/>\n' +
      'IDLE=No requests handled, BUSY=All connections busy,<br/>\nREC=Recovering, PRB=Probing, FRC=Forced Recovery',
  ],
  ['D', 'Worker distance'],
  ['F', 'Load Balancer factor'],
  ['M', 'Load Balancer multiplicity'],
  ['V', 'Load Balancer value'],
  ['Acc', 'Number of requests'],
  ['Sess', 'Number of sessions created'],
  ['Err', 'Number of failed requests'],
  ['CE', 'Number of client errors'],
  ['RE', 'Number of reply timeouts (decayed)'],
  ['Wr', 'Number of bytes transferred'],
  ['Rd', 'Number of bytes read'],
  ['Busy', 'Current number of busy connections'],
  ['MaxBusy', 'Maximum number of busy connections'],
  ['Con', 'Current number of backend connections'],
  ['MaxCon', 'Maximum number of backend connections'],
  ['RR', 'Route redirect'],
  ['Cd', 'Cluster domain'],
  ['Rs', 'Recovery scheduled in app. min/max seconds'],
  ['LR', 'Seconds since last reset of statistics counters'],
  ['LE', 'Timestamp of the last error'],
];
