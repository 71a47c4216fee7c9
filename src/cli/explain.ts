// What the system refused, in words that say what to do.

import { Failure } from '../base/failure.ts';

/** One line for a person: what went wrong when something was opened, bound or read. */
export function explain(error: unknown): string {
  if (error instanceof Failure)
    return error.code === 'listen-failed' ? `${error.message}: ${explain(error.cause)}` : error.message;
  const { code, address, port, message } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const where = `${address?.includes(':') ? `[${address}]` : address}:${port}`;
  if (code === 'EADDRINUSE') return `${where} is taken by another process; choose another port, or end that process`;
  if (code === 'EACCES' && port !== undefined)
    return `port ${port} is only for root; start as root, or choose a port above 1023`;
  if (code === 'EADDRNOTAVAIL') return `${address} is not an address of this machine; correct the Listen line`;
  return message;
}
