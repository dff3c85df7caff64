import type { Report } from '../object-report.ts';
import { checkClientTls } from '../rules/client-tls.ts';
import { checkConnectionPool, checkOutlierDetection } from '../rules/connection-pool.ts';
import { checkName, checkPort, checkWildcardHost } from '../rules/host.ts';
import { checkLabels, checkSelectorLabels } from '../rules/selection.ts';
import { checkExportTo } from '../rules/visibility.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { problem, type Subject } from '../subject.ts';
import { isDnsLabel } from '../values/host-name.ts';
import { isIpAddress } from '../values/ip-address.ts';
import type { DestinationRuleSpec, PortTrafficPolicy, TrafficPolicy } from './type.ts';
import { checkLoadBalancer } from './validate-load-balancer.ts';

/** What the schema of a DestinationRule cannot say (Istio: ValidateDestinationRule). */
export function validateDestinationRule(spec: DestinationRuleSpec, subject: Subject): void {
  const { report } = subject;
  checkWildcardHost(spec.host, ['spec', 'host'], report);
  if (spec.trafficPolicy) checkTrafficPolicy(spec.trafficPolicy, ['spec', 'trafficPolicy'], report);
  const names = new Set<string>();
  spec.subsets?.forEach((subset, index) => {
    const path = ['spec', 'subsets', index];
    const place = [...path, 'name'];
    if (names.has(subset.name))
      report.add('PEL3002', { field: formatPath(place), what: `the subset ${subset.name}` }, place);
    names.add(subset.name);
    if (!isDnsLabel(subset.name)) {
      problem(
        report,
        'PEL3011',
        place,
        `"${subset.name}" cannot be the name of a subset: letters, digits and "-" only`,
      );
    }
    checkLabels(subset.labels, [...path, 'labels'], report);
    if (subset.trafficPolicy) checkTrafficPolicy(subset.trafficPolicy, [...path, 'trafficPolicy'], report);
  });
  checkExportTo(spec.exportTo, subject);
  if (spec.workloadSelector) checkSelected(spec, subject);
}

/** A rule for some clients only is a matter of its own namespace. */
function checkSelected(spec: DestinationRuleSpec, subject: Subject): void {
  const { report } = subject;
  checkSelectorLabels(spec.workloadSelector?.matchLabels ?? {}, ['spec', 'workloadSelector', 'matchLabels'], report);
  const beyond = (spec.exportTo ?? []).find((entry) => entry !== '.' && entry !== subject.namespace);
  if (beyond !== undefined) {
    const text = `with a workloadSelector it is seen by its own namespace only, so "${beyond}" cannot be given`;
    problem(report, 'PEL3024', ['spec', 'exportTo'], text);
  }
}

function checkTrafficPolicy(policy: TrafficPolicy, path: Path, report: Report): void {
  if (Object.keys(policy).length === 0) problem(report, 'PEL3028', path, 'the traffic policy has no setting');
  if (policy.tunnel && policy.proxyProtocol)
    problem(report, 'PEL3004', path, 'tunnel and proxyProtocol cannot be given together');
  checkPortPolicy(policy, path, report);
  policy.portLevelSettings?.forEach((settings, index) => {
    const place = [...path, 'portLevelSettings', index];
    const { port, ...rest } = settings;
    if (port?.number === undefined) problem(report, 'PEL3003', place, 'the port is missing');
    else checkPort(port.number, [...place, 'port', 'number'], report);
    if (Object.keys(rest).length === 0) problem(report, 'PEL3028', place, 'there is no setting for this port');
    checkPortPolicy(settings, place, report);
  });
  if (policy.tunnel) checkTunnel(policy.tunnel, [...path, 'tunnel'], report);
}

function checkPortPolicy(policy: PortTrafficPolicy, path: Path, report: Report): void {
  checkOutlierDetection(policy.outlierDetection, [...path, 'outlierDetection'], report);
  checkConnectionPool(policy.connectionPool, [...path, 'connectionPool'], report);
  const hasOutlierDetection = policy.outlierDetection !== undefined;
  checkLoadBalancer(policy.loadBalancer, [...path, 'loadBalancer'], { report, hasOutlierDetection });
  checkClientTls(policy.tls, [...path, 'tls'], report);
}

function checkTunnel(tunnel: NonNullable<TrafficPolicy['tunnel']>, path: Path, report: Report): void {
  if (!['', 'CONNECT', 'POST'].includes(tunnel.protocol ?? '')) {
    problem(report, 'PEL3011', [...path, 'protocol'], `"${tunnel.protocol}" is not CONNECT or POST`);
  }
  if (!isIpAddress(tunnel.targetHost)) checkName(tunnel.targetHost, [...path, 'targetHost'], report);
  checkPort(tunnel.targetPort, [...path, 'targetPort'], report);
}
