// Whether a connection begins with the PROXY protocol. Source: documentation of mod_remoteip (RemoteIPProxyProtocol);
// Off holds against On wherever both speak of an address, as observed on httpd 2.4.71.

import { isInRange, parseAddress } from '../../base/addresses.ts';
import type { HostAddress, ProxyProtocolSettings } from '../model.ts';

export function expectsProxyProtocol(
  settings: ProxyProtocolSettings,
  remoteAddress: string,
  localAddress: string,
  localPort: number,
): boolean {
  const isNamed = (list: readonly HostAddress[]) =>
    list.some(
      ({ address, port }) =>
        (address === undefined || address === localAddress) && (port === undefined || port === localPort),
    );
  if (!isNamed(settings.enabled) || isNamed(settings.disabled)) return false;
  const remote = parseAddress(remoteAddress);
  return remote === undefined || !settings.exceptions.some((range) => isInRange(range, remote));
}
