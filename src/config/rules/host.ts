import type { Report } from '../object-report.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import { checkDnsName, checkWildcardName, hasPartialWildcard, isDnsLabel } from '../values/host-name.ts';
import { isIpAddress } from '../values/ip-address.ts';

/** A DNS name without wildcards. */
export function checkName(host: string, path: Path, report: Report): void {
  reportHost(host, checkDnsName(host), path, report);
}

/** A DNS name whose first label may be a wildcard. */
export function checkWildcardHost(host: string, path: Path, report: Report): void {
  reportHost(host, checkWildcardName(host), path, report);
}

/** Says what is wrong with a host name, if anything is. */
export function reportHost(host: string, wrong: string | undefined, path: Path, report: Report): void {
  if (wrong) report.add('PEL3001', { field: formatPath(path), host, problem: wrong }, path);
}

/**
 * `<namespace>/<dnsName>`, as Gateways and Sidecars name hosts; Gateways may leave out the namespace.
 * The name must have a dot: a short name would mean another host in each namespace.
 */
export function checkNamespacedHost(host: string, path: Path, report: Report, owner: 'Gateway' | 'Sidecar'): void {
  const slash = host.indexOf('/');
  if (slash < 0 && owner === 'Sidecar') {
    reportHost(host, 'it must have the form namespace/dnsName', path, report);
    return;
  }
  const namespace = slash < 0 ? '*' : host.slice(0, slash);
  const name = host.slice(slash + 1);
  const special = owner === 'Gateway' ? ['*', '.'] : ['*', '.', '~'];
  if (namespace === '' || name === '') {
    reportHost(host, 'neither the namespace nor the name may be empty', path, report);
    return;
  }
  if (!special.includes(namespace) && !isDnsLabel(namespace)) {
    reportHost(host, `"${namespace}" is not a namespace`, path, report);
  }
  checkServedName(name, path, report, owner);
}

function checkServedName(name: string, path: Path, report: Report, owner: 'Gateway' | 'Sidecar'): void {
  if (name === '*') return;
  if (owner === 'Gateway' && isIpAddress(name)) return;
  if (!name.includes('.')) reportHost(name, 'short names are not allowed here; write the whole name', path, report);
  else if (hasPartialWildcard(name)) reportHost(name, 'a wildcard must be a whole label', path, report);
  else checkWildcardHost(name, path, report);
}

/** 1 to 65535. */
export function checkPort(port: number, path: Path, report: Report): void {
  if (port < 1 || port > 65535) problem(report, 'PEL3003', path, `${port} is not in the range 1 to 65535`);
}

/** `unix://` and an absolute path, or `@` and a name. */
export function checkUnixAddress(address: string, path: Path, report: Report): void {
  const socket = address.slice('unix://'.length);
  if (socket.startsWith('@') || (socket.startsWith('/') && !socket.endsWith('/'))) return;
  const expected = 'an absolute path of a socket (unix:///path/of/socket)';
  report.add('PEL3006', { field: formatPath(path), address, expected }, path);
}

/** An IP address. */
export function checkIpAddress(address: string, path: Path, report: Report): void {
  if (isIpAddress(address)) return;
  report.add('PEL3006', { field: formatPath(path), address, expected: 'an IP address' }, path);
}
