import { suggest } from '../../diagnostics/index.ts';
import type { Report } from '../object-report.ts';
import { checkIpAddress, checkNamespacedHost, checkPort, checkUnixAddress } from '../rules/host.ts';
import { checkServerTls } from '../rules/server-tls.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { problem, type Subject } from '../subject.ts';
import { isDnsLabel } from '../values/host-name.ts';
import { isHttpProtocol, isProtocol, isTlsProtocol, PROTOCOLS } from '../values/protocol.ts';
import type { GatewaySpec, Server } from './type.ts';

/** What the schema of a Gateway cannot say (Istio: ValidateGateway). */
export function validateGateway(spec: GatewaySpec, subject: Subject): void {
  const { report } = subject;
  if (!isDnsLabel(subject.name)) {
    problem(
      report,
      'PEL3011',
      ['metadata', 'name'],
      `"${subject.name}" cannot be the name of a Gateway: it may have no dots`,
    );
  }
  if (!spec.servers?.length) problem(report, 'PEL3005', ['spec', 'servers'], 'there must be at least one server');
  const names = new Set<string>();
  spec.servers?.forEach((server, index) => {
    const path = ['spec', 'servers', index];
    checkServer(server, path, report);
    const place = [...path, 'port', 'name'];
    if (names.has(server.port.name))
      report.add('PEL3002', { field: formatPath(place), what: `the port name ${server.port.name}` }, place);
    names.add(server.port.name);
  });
}

function checkServer(server: Server, path: Path, report: Report): void {
  if (server.hosts.length === 0) problem(report, 'PEL3005', [...path, 'hosts'], 'there must be at least one host');
  server.hosts.forEach((host, index) => {
    checkNamespacedHost(host, [...path, 'hosts', index], report, 'Gateway');
  });
  checkServerPort(server, [...path, 'port'], report);
  checkBind(server, path, report);
  checkServerTls(server.tls, [...path, 'tls'], report);
  checkProtocolAndTls(server, path, report);
}

function checkServerPort({ port, bind = '' }: Server, path: Path, report: Report): void {
  if (!isProtocol(port.protocol)) {
    const place = [...path, 'protocol'];
    const suggestion = suggest(port.protocol, PROTOCOLS);
    report.add('PEL3025', { field: formatPath(place), protocol: port.protocol, suggestion }, place);
  }
  if (port.number > 0 || !bind.startsWith('unix://')) checkPort(port.number, [...path, 'number'], report);
  if (port.targetPort)
    problem(report, 'PEL3004', [...path, 'targetPort'], 'a gateway listens on "number"; targetPort says nothing here');
  if (port.name === '') problem(report, 'PEL3005', [...path, 'name'], 'the port needs a name');
}

function checkBind({ port, bind = '' }: Server, path: Path, report: Report): void {
  if (bind === '') return;
  if (!bind.startsWith('unix://')) {
    checkIpAddress(bind, [...path, 'bind'], report);
    return;
  }
  checkUnixAddress(bind, [...path, 'bind'], report);
  if (port.number !== 0) problem(report, 'PEL3003', [...path, 'port', 'number'], 'a unix socket has no port; write 0');
}

function checkProtocolAndTls({ port, tls }: Server, path: Path, report: Report): void {
  if (!isProtocol(port.protocol)) return;
  if (isTlsProtocol(port.protocol)) {
    if (!tls) problem(report, 'PEL3018', path, `${port.protocol} needs tls settings`);
    else if (tls.httpsRedirect === true) {
      problem(report, 'PEL3017', [...path, 'tls', 'httpsRedirect'], 'only servers of plain HTTP can redirect to https');
    }
    return;
  }
  if (!tls) return;
  const hasKeys = Boolean(tls.caCertificates || tls.privateKey || tls.serverCertificate);
  const isPassed = tls.mode === undefined || tls.mode === 'PASSTHROUGH' || tls.mode === 'AUTO_PASSTHROUGH';
  if (isHttpProtocol(port.protocol) && isPassed && !hasKeys) return;
  problem(
    report,
    'PEL3018',
    [...path, 'tls'],
    `${port.protocol} is not encrypted, so it can have no tls settings (but httpsRedirect with HTTP)`,
  );
}
