import type { Report } from '../object-report.ts';
import { checkConnectionPool } from '../rules/connection-pool.ts';
import { checkIpAddress, checkPort, checkUnixAddress } from '../rules/host.ts';
import { checkServerTls } from '../rules/server-tls.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import { isHttpProtocol, isTlsProtocol } from '../values/protocol.ts';
import { checkSidecarPort } from './port.ts';
import type { IngressListener } from './type.ts';

const ENDPOINT_ADDRESSES: ReadonlySet<string> = new Set(['', '127.0.0.1', '0.0.0.0', '[::1]', '[::]']);

/** What comes in on one port (Istio: ValidateSidecar, ingress). */
export function checkIngress(listener: IngressListener, path: Path, report: Report): void {
  const { port, bind = '', defaultEndpoint = '', connectionPool } = listener;
  checkSidecarPort(port, [...path, 'port'], report);
  checkPort(port.number ?? 0, [...path, 'port'], report);
  if (bind !== '') checkIpAddress(bind, [...path, 'bind'], report);
  if (defaultEndpoint !== '') checkDefaultEndpoint(defaultEndpoint, [...path, 'defaultEndpoint'], report);
  if (listener.tls) checkIngressTls(listener, path, report);
  checkConnectionPool(connectionPool, [...path, 'connectionPool'], report);
  if (connectionPool?.http && !isHttpProtocol(port.protocol ?? '')) {
    problem(
      report,
      'PEL3017',
      [...path, 'connectionPool', 'http'],
      `the port is not HTTP, so only the tcp settings count`,
    );
  }
}

function checkDefaultEndpoint(endpoint: string, path: Path, report: Report): void {
  if (endpoint.startsWith('unix://')) {
    checkUnixAddress(endpoint, path, report);
    return;
  }
  const colon = endpoint.lastIndexOf(':');
  const address = endpoint.slice(0, Math.max(colon, 0));
  const port = endpoint.slice(colon + 1);
  if (colon < 0 || !ENDPOINT_ADDRESSES.has(address)) {
    const expected = '127.0.0.1:<port>, 0.0.0.0:<port>, [::1]:<port>, [::]:<port> or unix:///<path>';
    report.add('PEL3006', { field: formatPath(path), address: endpoint, expected }, path);
  }
  if (!/^\d{1,6}$/.test(port)) problem(report, 'PEL3003', path, `"${port}" is not a number`);
  else checkPort(Number(port), path, report);
}

function checkIngressTls({ port, tls }: IngressListener, path: Path, report: Report): void {
  if (!tls) return;
  const place = [...path, 'tls'];
  const refuse = (field: string, isGiven: boolean): void => {
    if (isGiven) problem(report, 'PEL3018', [...place, field], 'a Sidecar has no use for it');
  };
  refuse('subjectAltNames', Boolean(tls.subjectAltNames?.length));
  refuse('httpsRedirect', tls.httpsRedirect === true);
  refuse('credentialName', Boolean(tls.credentialName));
  refuse('credentialNames', Boolean(tls.credentialNames?.length));
  refuse('tlsCertificates', Boolean(tls.tlsCertificates?.length));
  if (tls.mode === 'ISTIO_MUTUAL' || tls.mode === 'AUTO_PASSTHROUGH') {
    problem(
      report,
      'PEL3018',
      [...place, 'mode'],
      `${tls.mode} is for gateways; mTLS of sidecars is set by PeerAuthentication`,
    );
  }
  if (!isTlsProtocol(port.protocol ?? '')) problem(report, 'PEL3018', place, 'the port is not HTTPS or TLS');
  checkServerTls(tls, place, report);
}
