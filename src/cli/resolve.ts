// Where a backend is really dialled: the `--resolve` rules of the command line over what the configuration says.

import type { DialAddress } from '../link/dial.ts';
import type { ResolveRule } from './main.ts';

/** A rule with a port beats one without; otherwise the first that fits. */
export function resolver(rules: readonly ResolveRule[]): (host: string, port: number) => DialAddress {
  return (host, port) => {
    const fitting = rules.filter((rule) => rule.fromHost === host.toLowerCase());
    const rule = fitting.find((each) => each.fromPort === port) ?? fitting.find((each) => each.fromPort === undefined);
    if (rule === undefined) return { kind: 'tcp', host, port };
    return { kind: 'tcp', host: rule.toHost, port: rule.toPort ?? port };
  };
}
