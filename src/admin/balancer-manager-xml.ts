// The manager's XML page, with all the peculiarities that its readers know: no line feed after some elements, times
// without their whole seconds, parameters only where the file gives them (managers.md §5; measured on httpd 2.4.71).

import type { Member } from '../balancer/member.ts';
import type { Clock } from '../base/clock.ts';
import { stickinessIn } from '../site/changes/overlay.ts';
import type { Host } from '../site/model.ts';
import { type BalancerView, fileMember, shownUrl } from './balancer-views.ts';
import { escapeMarkup, hundredths } from './markup.ts';

/** Connections to a member for which no `max=` is given. */
const CONNECTIONS_MAX = 400;
/** ProxyIOBufferSize when nothing is said. */
const IO_BUFFER_DEFAULT = 8192;

export function xmlPage(views: readonly BalancerView[], host: Host, clock: Clock): string {
  return `<?xml version='1.0' encoding='UTF-8' ?>
<httpd:manager xmlns:httpd='http://httpd.apache.org'>
  <httpd:balancers>
${views.map((view) => balancerElement(view, host, clock)).join('')}  </httpd:balancers>
</httpd:manager>`;
}

function balancerElement(view: BalancerView, host: Host, clock: Clock): string {
  const { config, file, changes } = view;
  const stickiness = stickinessIn(config);
  const isSticky = stickiness.cookieName !== '';
  const knowsAttempts = changes.maxAttempts !== undefined || file.maxAttempts !== undefined || file.members.length > 1;
  return [
    '    <httpd:balancer>\n',
    element(6, 'name', `balancer://${view.name}`),
    element(6, 'nonce', view.nonce),
    isSticky ? element(6, 'stickysession', stickiness.cookieName) : '',
    isSticky ? element(6, 'nofailover', onOff(stickiness.force)) : '',
    element(6, 'timeout', config.timeoutMs / 1000).trimEnd(),
    knowsAttempts ? element(6, 'maxattempts', view.running.balancer.maxAttempts) : '',
    element(6, 'lbmethod', config.method),
    isSticky ? element(6, 'scolonpathdelim', onOff(stickiness.semicolonEnds)) : '',
    '      <httpd:workers>\n',
    ...view.members.map((member) => memberElement(view, member, host, clock)),
    '      </httpd:workers>\n',
    '    </httpd:balancer>\n',
  ].join('');
}

function memberElement(view: BalancerView, member: Member, host: Host, clock: Clock): string {
  const { config, state } = member;
  const { pool } = config;
  const written = new Set(config.written);
  const inFile = fileMember(view, member);
  const ioBuffer = inFile === undefined ? bufferOf(host) : inFile.ioBufferSize;
  const receiveBuffer = written.has('receiveBufferSize') ? config.receiveBufferSize : host.receiveBufferSizeBytes;
  const max = pool.max ?? CONNECTIONS_MAX;
  const timeoutMs = config.timeoutMs ?? host.proxyTimeoutMs;
  const e = (name: string, value: string | number) => element(10, name, value);
  const isAjp = config.scheme === 'ajp';
  return [
    '        <httpd:worker>\n',
    e('name', shownUrl(config)),
    e('scheme', config.scheme),
    e('hostname', config.host),
    e('loadfactor', hundredths(config.loadFactor)),
    e('port', config.port),
    e('min', pool.min),
    e('smax', pool.smax ?? max),
    e('max', max),
    e('ttl', pool.ttlMs / 1000),
    timeoutMs === undefined ? '' : e('timeout', Math.floor(timeoutMs / 1000)),
    pool.acquireMs === undefined ? '' : e('acquire', pool.acquireMs % 1000),
    receiveBuffer === 0 ? '' : e('recv_buffer_size', receiveBuffer),
    ioBuffer === undefined ? '' : e('io_buffer_size', ioBuffer),
    written.has('tcpKeepAlive') ? e('keepalive', onOff(config.tcpKeepAlive)) : '',
    e('status', state.statusText),
    state.errorAt === undefined ? '' : e('error_time', date(clock, state.errorAt)),
    e('retries', state.retries),
    e('lbstatus', state.standing),
    e('loadfactor', hundredths(config.loadFactor)),
    e('transferred', state.sentBytes),
    e('read', state.receivedBytes),
    e('elected', state.elected),
    e('route', config.route),
    e('redirect', config.redirect),
    e('busy', state.busy),
    e('lbset', config.set),
    isAjp ? e('flushpackets', { on: 'On', off: 'Off', auto: 'Auto' }[config.flushPackets]) : '',
    isAjp && config.flushPackets === 'auto' ? e('flushwait', config.flushWaitMs * 1000) : '',
    isAjp && config.pingMs > 0 ? e('ping', config.pingMs % 1000).trimEnd() : '',
    written.has('disableReuse') ? element(6, 'disablereuse', onOff(pool.disableReuse)) : '',
    config.connectTimeoutMs === undefined ? '' : e('connectiontimeout', config.connectTimeoutMs % 1000),
    written.has('retryMs') ? e('retry', config.retryMs / 1000) : '',
    '        </httpd:worker>\n',
  ].join('');
}

function element(indent: number, name: string, value: string | number): string {
  return `${' '.repeat(indent)}<httpd:${name}>${escapeMarkup(String(value))}</httpd:${name}>\n`;
}

function onOff(isOn: boolean): string {
  return isOn ? 'On' : 'Off';
}

/** Size for members added at run time, where the host gives one. */
function bufferOf(host: Host): number | undefined {
  return host.ioBufferSizeBytes === IO_BUFFER_DEFAULT ? undefined : host.ioBufferSizeBytes;
}

/** An instant of the steady clock as a date (RFC 9110 §5.6.7). */
function date(clock: Clock, at: number): string {
  return new Date(clock.wall() - (clock.now() - at)).toUTCString();
}
