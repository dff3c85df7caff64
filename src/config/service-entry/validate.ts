import type { Report } from '../object-report.ts';
import { checkPort, checkWildcardHost } from '../rules/host.ts';
import { checkProtocol } from '../rules/protocol.ts';
import { checkWorkloadSelector } from '../rules/selection.ts';
import { checkExportTo } from '../rules/visibility.ts';
import { formatPath } from '../schema/path.ts';
import { problem, type Subject } from '../subject.ts';
import { checkDnsName, hasPartialWildcard, isDnsLabel } from '../values/host-name.ts';
import { isCidrBlock, isIpAddress } from '../values/ip-address.ts';
import { isHttpProtocol, isTcpProtocol, isTlsProtocol } from '../values/protocol.ts';
import { checkWorkload } from '../workload-entry/validate.ts';
import type { ServiceEntryPort, ServiceEntrySpec } from './type.ts';

/** Label by which a ServiceEntry refuses a virtual address of the mesh's choice. */
const AUTO_ALLOCATE = 'networking.istio.io/enable-autoallocate-ip';

/** What the schema of a ServiceEntry cannot say (Istio: ValidateServiceEntry). */
export function validateServiceEntry(spec: ServiceEntrySpec, subject: Subject): void {
  const { report } = subject;
  checkWorkloadSelector(spec.workloadSelector, report);
  if (spec.workloadSelector && spec.endpoints) {
    problem(report, 'PEL3004', ['spec', 'workloadSelector'], 'endpoints are given already, so none can be selected');
  }
  checkHosts(spec.hosts, report);
  checkAddresses(spec, report);
  checkPorts(spec.ports ?? [], report);
  checkTcpAddresses(spec, subject);
  checkResolution(spec, report);
  checkTogether(spec, report);
  checkExportTo(spec.exportTo, subject, true);
}

function checkHosts(hosts: readonly string[], report: Report): void {
  if (hosts.length === 0) problem(report, 'PEL3005', ['spec', 'hosts'], 'there must be at least one host');
  hosts.forEach((host, index) => {
    const path = ['spec', 'hosts', index];
    if (host === '*') {
      report.add('PEL3001', { field: formatPath(path), host, problem: 'it would be every host there is' }, path);
      return;
    }
    checkWildcardHost(host, path, report);
    if (hasPartialWildcard(host))
      problem(
        report,
        'PEL3017',
        path,
        `"${host}" does not match what it looks like; write *.${host.replace(/^\*[.-]?/, '')}`,
      );
  });
}

function checkAddresses(spec: ServiceEntrySpec, report: Report): void {
  spec.addresses?.forEach((address, index) => {
    const path = ['spec', 'addresses', index];
    const isBlock = address.includes('/');
    if (isBlock ? !isCidrBlock(address) : !isIpAddress(address)) {
      report.add('PEL3006', { field: formatPath(path), address, expected: 'an IP address or a CIDR block' }, path);
    }
    if (isBlock && !['NONE', 'STATIC'].includes(resolutionOf(spec))) {
      problem(report, 'PEL3004', path, 'a block of addresses can be given with resolution NONE or STATIC only');
    }
  });
}

function checkPorts(ports: readonly ServiceEntryPort[], report: Report): void {
  const names = new Set<string>();
  const numbers = new Set<number>();
  ports.forEach((port, index) => {
    const path = ['spec', 'ports', index];
    if (names.has(port.name))
      report.add('PEL3002', { field: formatPath(path), what: `the port name ${port.name}` }, path);
    if (numbers.has(port.number))
      report.add('PEL3002', { field: formatPath(path), what: `the port ${port.number}` }, path);
    names.add(port.name);
    numbers.add(port.number);
    if (port.targetPort !== undefined) checkPort(port.targetPort, [...path, 'targetPort'], report);
    if (!isDnsLabel(port.name))
      problem(report, 'PEL3003', [...path, 'name'], `"${port.name}" cannot be the name of a port`);
    checkProtocol(port.protocol ?? '', [...path, 'protocol'], report);
    checkPort(port.number, [...path, 'number'], report);
  });
}

function checkResolution(spec: ServiceEntrySpec, report: Report): void {
  const resolution = resolutionOf(spec);
  if (resolution === 'NONE') checkUnresolved(spec, report);
  if (resolution === 'STATIC') checkEndpoints(spec, report, false);
  if (resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN') {
    checkResolvable(spec, report);
    checkEndpoints(spec, report, true);
  }
  if (resolution === 'DYNAMIC_DNS') checkDynamicDns(spec, report);
}

function checkUnresolved(spec: ServiceEntrySpec, report: Report): void {
  if (spec.endpoints?.length) {
    problem(
      report,
      'PEL3004',
      ['spec', 'endpoints'],
      'resolution NONE takes the address that the client called, so no endpoints can be given',
    );
  }
  if (spec.workloadSelector) {
    problem(report, 'PEL3017', ['spec', 'workloadSelector'], 'with resolution NONE nothing is selected');
  }
}

/** Without an address of its own, a TCP port cannot be told from the same port of other hosts. */
function checkTcpAddresses(spec: ServiceEntrySpec, subject: Subject): void {
  const isAssigned = resolutionOf(spec) !== 'NONE' && subject.labels[AUTO_ALLOCATE] !== 'false';
  if (spec.addresses?.length || isAssigned) return;
  spec.ports?.forEach((port, index) => {
    if (!['', 'TCP'].includes(port.protocol ?? '')) return;
    const text = 'TCP has no host names, so without addresses this port is reached by its number alone';
    problem(subject.report, 'PEL3017', ['spec', 'ports', index], text);
  });
}

function checkEndpoints(spec: ServiceEntrySpec, report: Report, allowNames: boolean): void {
  const servicePorts = new Set(spec.ports?.map((port) => port.name));
  spec.endpoints?.forEach((endpoint, index) => {
    const path = ['spec', 'endpoints', index];
    const address = endpoint.address ?? '';
    if (allowNames && address.startsWith('unix://')) {
      const expected = 'an IP address or a DNS name';
      report.add('PEL3006', { field: formatPath([...path, 'address']), address, expected }, [...path, 'address']);
      return;
    }
    checkWorkload(endpoint, path, { report, allowNames, servicePorts });
  });
}

/** Names that a proxy looks up itself must be names, but for the import of a member cluster's services. */
function checkResolvable(spec: ServiceEntrySpec, report: Report): void {
  if (resolutionOf(spec) === 'DNS_ROUND_ROBIN' && (spec.endpoints?.length ?? 0) > 1) {
    problem(report, 'PEL3004', ['spec', 'endpoints'], 'DNS_ROUND_ROBIN takes at most one endpoint');
  }
  if (spec.endpoints?.length) return;
  spec.hosts.forEach((host, index) => {
    if (checkDnsName(host) === undefined || isClusterImport(host, spec)) return;
    const text = `"${host}" names nothing that could be looked up, and no endpoints are given`;
    problem(report, 'PEL3026', ['spec', 'hosts', index], text);
  });
}

/**
 * `*.cluster2`, MESH_INTERNAL, resolution DNS and no endpoints declares the import of cluster2's services. Istio refuses
 * it, because there nothing could be meant by it.
 */
export function isClusterImport(host: string, spec: ServiceEntrySpec): boolean {
  const isBare = /^\*\.[^.]+$/.test(host) && isDnsLabel(host.slice(2));
  return isBare && spec.location === 'MESH_INTERNAL' && resolutionOf(spec) === 'DNS' && !spec.endpoints?.length;
}

function checkDynamicDns(spec: ServiceEntrySpec, report: Report): void {
  if (!spec.hosts.some((host) => host.startsWith('*'))) {
    problem(report, 'PEL3005', ['spec', 'hosts'], 'DYNAMIC_DNS needs a wildcard host');
  }
  spec.hosts.forEach((host, index) => {
    if (host.startsWith('*')) return;
    problem(report, 'PEL3004', ['spec', 'hosts', index], `DYNAMIC_DNS is for wildcard hosts; use DNS for ${host}`);
  });
  if (spec.endpoints?.length) {
    problem(
      report,
      'PEL3004',
      ['spec', 'endpoints'],
      'DYNAMIC_DNS looks up the host of each request, so no endpoints can be given',
    );
  }
  spec.ports?.forEach((port, index) => {
    const protocol = port.protocol ?? '';
    if (isHttpProtocol(protocol) || isTlsProtocol(protocol)) return;
    problem(
      report,
      'PEL3004',
      ['spec', 'ports', index],
      'DYNAMIC_DNS reads the host out of the traffic, which HTTP and TLS carry and others do not',
    );
  });
}

/** Rules on hosts, addresses and ports together. */
function checkTogether(spec: ServiceEntrySpec, report: Report): void {
  if (spec.hosts.length < 2 || resolutionOf(spec) === 'NONE') return;
  const ports = spec.ports ?? [];
  const mute = ports.find(({ protocol = '' }) => !isHttpProtocol(protocol) && !isTlsProtocol(protocol));
  if (mute) {
    const text = `several hosts cannot share port ${mute.number}: ${mute.protocol ?? 'TCP'} does not carry the host's name`;
    problem(report, 'PEL3004', ['spec', 'ports'], text);
  }
  const isByDns = ['DNS', 'DNS_ROUND_ROBIN'].includes(resolutionOf(spec));
  if (isByDns && spec.addresses?.length && ports.some(({ protocol = '' }) => isTcpProtocol(protocol))) {
    problem(
      report,
      'PEL3017',
      ['spec', 'addresses'],
      'several hosts share an address, so on TCP ports they cannot be told apart',
    );
  }
}

function resolutionOf(spec: ServiceEntrySpec): ServiceEntrySpec['resolution'] {
  return spec.resolution ?? 'NONE';
}
