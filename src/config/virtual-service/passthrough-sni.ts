import { checkDnsName } from '../values/host-name.ts';

/** The SNI between networks: `outbound_.80_.v1_.reviews.default.svc.cluster.local`. */
export function isPassthroughSni(name: string): boolean {
  const match = /^outbound_\.(\d{1,5})_\.([-a-zA-Z0-9]*)_\.(.+)$/.exec(name);
  return match !== null && checkDnsName(match[3] ?? '') === undefined;
}
