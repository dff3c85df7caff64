import type { Report } from '../object-report.ts';
import { checkConnectionPool } from '../rules/connection-pool.ts';
import { checkIpAddress, checkName, checkNamespacedHost, checkPort, checkUnixAddress } from '../rules/host.ts';
import { checkWorkloadSelector } from '../rules/selection.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { problem, type Subject } from '../subject.ts';
import { checkDestination } from '../virtual-service/validate-destination.ts';
import { checkSidecarPort } from './port.ts';
import type { EgressListener, OutboundTrafficPolicy, SidecarPort, SidecarSpec } from './type.ts';
import { checkIngress } from './validate-ingress.ts';

/** What the schema of a Sidecar cannot say (Istio: ValidateSidecar). */
export function validateSidecar(spec: SidecarSpec, subject: Subject): void {
  const { report } = subject;
  checkWorkloadSelector(spec.workloadSelector, report);
  const { ingress = [], egress = [], outboundTrafficPolicy, inboundConnectionPool } = spec;
  if (ingress.length + egress.length === 0 && !outboundTrafficPolicy && !inboundConnectionPool) {
    problem(report, 'PEL3028', ['spec'], 'the Sidecar has no setting');
  }
  const ports = new Set<number>();
  ingress.forEach((listener, index) => {
    const path = ['spec', 'ingress', index];
    const number = listener.port.number ?? 0;
    if (ports.has(number)) report.add('PEL3002', { field: formatPath(path), what: `the port ${number}` }, path);
    ports.add(number);
    checkIngress(listener, path, report);
  });
  checkConnectionPool(inboundConnectionPool, ['spec', 'inboundConnectionPool'], report);
  checkEgress(egress, subject);
  checkOutboundPolicy(outboundTrafficPolicy, report);
}

function checkEgress(egress: readonly EgressListener[], subject: Subject): void {
  const { report } = subject;
  const listeners = new Set<string>();
  egress.forEach((listener, index) => {
    const path = ['spec', 'egress', index];
    const { port, bind = '' } = listener;
    if (!port) {
      if (index < egress.length - 1)
        problem(
          report,
          'PEL3004',
          path,
          'a listener without a port takes all that is left, so it must be the last one',
        );
    } else {
      checkSidecarPort(port, [...path, 'port'], report);
      checkEgressBind(listener, port, path, report);
      const identity = port.number ? `port ${port.number}` : bind;
      if (listeners.has(identity)) report.add('PEL3002', { field: formatPath(path), what: identity }, path);
      listeners.add(identity);
    }
    checkEgressHosts(listener.hosts, [...path, 'hosts'], subject);
  });
}

function checkEgressBind(listener: EgressListener, port: SidecarPort, path: Path, report: Report): void {
  const { bind = '', captureMode = 'DEFAULT' } = listener;
  if (port.number) {
    checkPort(port.number, [...path, 'port', 'number'], report);
    if (bind !== '') checkIpAddress(bind, [...path, 'bind'], report);
    return;
  }
  if (bind.startsWith('unix://')) checkUnixAddress(bind, [...path, 'bind'], report);
  else
    problem(
      report,
      'PEL3003',
      [...path, 'port'],
      'a port without a number needs a unix socket to listen on (bind: unix://...)',
    );
  if (captureMode === 'IPTABLES')
    problem(report, 'PEL3004', [...path, 'captureMode'], 'traffic to a unix socket cannot be captured');
}

function checkEgressHosts(hosts: readonly string[], path: Path, subject: Subject): void {
  const { report, namespace: home } = subject;
  if (hosts.length === 0) problem(report, 'PEL3005', path, 'there must be at least one host');
  const seen = new Set<string>();
  hosts.forEach((host, index) => {
    const place = [...path, index];
    checkNamespacedHost(host, place, report, 'Sidecar');
    const [given = '', name = ''] = host.split('/', 2);
    const namespace = given === '.' ? home : given;
    const isKnown = seen.has(`${namespace}/${name}`) || seen.has(`${namespace}/*`);
    const widens = name === '*' && [...seen].some((other) => other.startsWith(`${namespace}/`));
    if (isKnown || widens) problem(report, 'PEL3017', place, `"${host}" is named already`);
    seen.add(`${namespace}/${name}`);
  });
  const isMixed = [...seen].some((other) => !other.startsWith('*/'));
  if (seen.has('*/*') && isMixed)
    problem(report, 'PEL3017', path, '"*/*" is everything already, so nothing needs to stand beside it');
}

function checkOutboundPolicy(policy: OutboundTrafficPolicy | undefined, report: Report): void {
  if (!policy?.egressProxy) return;
  const path = ['spec', 'outboundTrafficPolicy', 'egressProxy'];
  if (policy.mode !== 'ALLOW_ANY') problem(report, 'PEL3004', path, 'it is asked with mode ALLOW_ANY only');
  checkName(policy.egressProxy.host, [...path, 'host'], report);
  if (policy.egressProxy.port) checkDestination(policy.egressProxy, path, report);
  else problem(report, 'PEL3005', path, 'the port is missing');
}
