// `server-status?auto`: one fact a line, `name: value`. Names and order are what the readers of httpd's page look for:
// collectd, Telegraf, Centreon, the exporters of Prometheus. "Server Built" is not told, and readers do without.

import { HTTPD_VERSION } from '../config/httpd/version.ts';
import { type BalancerView, shownUrl } from './balancer-views.ts';
import {
  cpuPercent,
  cpuTime,
  general,
  type ServerStatus,
  scoreboardOf,
  sentKiB,
  spokenTime,
  statusDate,
  uptimeSeconds,
} from './server-status-facts.ts';

export function autoText(status: ServerStatus): string {
  const { activity, server, exchanges } = status;
  const uptime = uptimeSeconds(status);
  const lines = [
    status.serverName,
    `ServerVersion: Apache/${HTTPD_VERSION} (Catflap)`,
    'ServerMPM: event',
    `CurrentTime: ${statusDate(status.nowWall)}`,
    `RestartTime: ${statusDate(activity.startedWall)}`,
    `ParentServerConfigGeneration: ${server.generation}`,
    `ParentServerMPMGeneration: ${server.generation - 1}`,
    `ServerUptimeSeconds: ${uptime}`,
    `ServerUptime:${spokenTime(uptime)}`,
    ...[1, 5, 15].map((minutes, index) => `Load${minutes}: ${status.load[index].toFixed(2)}`),
    ...(status.isExtended ? counters(status) : []),
    `BusyWorkers: ${exchanges.length}`,
    'GracefulWorkers: 0',
    `IdleWorkers: ${status.idle}`,
    'Processes: 1',
    'Stopping: 0',
    `ConnsTotal: ${server.connectionCount}`,
    'ConnsAsyncWaitIO: 0',
    `ConnsAsyncWriting: ${exchanges.filter(({ congested }) => congested).length}`,
    `ConnsAsyncKeepAlive: ${Math.max(0, server.connectionCount - exchanges.length)}`,
    'ConnsAsyncClosing: 0',
    `Scoreboard: ${scoreboardOf(status)}`,
    ...status.balancers.flatMap(balancerLines),
  ];
  return `${lines.join('\n')}\n`;
}

function counters(status: ServerStatus): string[] {
  const { activity, cpu } = status;
  const uptime = uptimeSeconds(status);
  const load = cpuPercent(status);
  const bytes = sentKiB(status) * 1024;
  const duration = Math.round(activity.durationMs);
  return [
    `Total Accesses: ${activity.requests}`,
    `Total kBytes: ${sentKiB(status)}`,
    `Total Duration: ${duration}`,
    `CPUUser: ${cpuTime(cpu.user)}`,
    `CPUSystem: ${cpuTime(cpu.system)}`,
    'CPUChildrenUser: 0',
    'CPUChildrenSystem: 0',
    ...(load === undefined ? [] : [`CPULoad: ${general(load)}`]),
    `Uptime: ${uptime}`,
    ...(uptime === 0
      ? []
      : [`ReqPerSec: ${general(activity.requests / uptime)}`, `BytesPerSec: ${general(bytes / uptime)}`]),
    ...(activity.requests === 0
      ? []
      : [
          `BytesPerReq: ${general(bytes / activity.requests)}`,
          `DurationPerReq: ${general(duration / activity.requests)}`,
        ]),
  ];
}

function balancerLines({ name, members }: BalancerView, index: number): string[] {
  const balancer = `ProxyBalancer[${index}]`;
  return [
    `${balancer}Name: balancer://${name}`,
    ...members.flatMap(({ config, state }, number) => {
      const worker = `${balancer}Worker[${number}]`;
      return [
        `${worker}Name: ${shownUrl(config)}`,
        `${worker}Status: ${state.statusText}`,
        `${worker}Elected: ${state.elected}`,
        `${worker}Busy: ${state.busy}`,
        `${worker}Sent: ${Math.floor(state.sentBytes / 1024)}K`,
        `${worker}Rcvd: ${Math.floor(state.receivedBytes / 1024)}K`,
      ];
    }),
  ];
}
