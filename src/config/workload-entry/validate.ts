import type { Report } from '../object-report.ts';
import { checkPort, checkUnixAddress } from '../rules/host.ts';
import { checkLabels } from '../rules/selection.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { problem, type Subject } from '../subject.ts';
import { checkDnsName, isDnsLabel } from '../values/host-name.ts';
import { isIpAddress } from '../values/ip-address.ts';
import type { WorkloadEntrySpec } from './type.ts';

/** What the schema of a WorkloadEntry cannot say (Istio: ValidateWorkloadEntry). */
export function validateWorkloadEntry(spec: WorkloadEntrySpec, subject: Subject): void {
  checkWorkload(spec, ['spec'], { report: subject.report, allowNames: true });
}

/** How the workload is used: by itself, or as endpoint of a service. */
export interface WorkloadContext {
  readonly report: Report;
  /** May the address be a DNS name? */
  readonly allowNames: boolean;
  /** Names of the service's ports, where there is a service. */
  readonly servicePorts?: ReadonlySet<string>;
}

/** The rules of a workload outside of Kubernetes. */
export function checkWorkload(workload: WorkloadEntrySpec, path: Path, context: WorkloadContext): void {
  const { report, servicePorts } = context;
  const address = workload.address ?? '';
  const place = [...path, 'address'];
  if (address === '') {
    if (!workload.network) problem(report, 'PEL3005', place, 'the address is missing');
    else
      problem(
        report,
        'PEL3017',
        place,
        `without an address it is reached through the gateways of network ${workload.network} only`,
      );
  } else if (address.startsWith('unix://')) {
    checkUnixWorkload(workload, path, context);
  } else if (!isIpAddress(address)) {
    const isName = context.allowNames && checkDnsName(address) === undefined;
    const expected = context.allowNames ? 'an IP address or a DNS name' : 'an IP address';
    if (!isName) report.add('PEL3006', { field: formatPath(place), address, expected }, place);
  }
  for (const [name, port] of Object.entries(workload.ports ?? {})) {
    const portPath = [...path, 'ports', name];
    if (servicePorts && !servicePorts.has(name))
      problem(report, 'PEL3003', portPath, `the service has no port of the name ${name}`);
    if (!isDnsLabel(name)) problem(report, 'PEL3003', portPath, `"${name}" cannot be the name of a port`);
    checkPort(port, portPath, report);
  }
  checkLabels(workload.labels, [...path, 'labels'], report);
}

function checkUnixWorkload(workload: WorkloadEntrySpec, path: Path, context: WorkloadContext): void {
  const { report, servicePorts } = context;
  checkUnixAddress(workload.address ?? '', [...path, 'address'], report);
  if (Object.keys(workload.ports ?? {}).length > 0) {
    problem(report, 'PEL3004', [...path, 'ports'], 'a unix socket has no ports');
  }
  if (servicePorts && servicePorts.size !== 1) {
    problem(report, 'PEL3003', path, 'a unix socket can serve a service of exactly one port');
  }
}
