import { hostnameCovers, parseHostname } from '../../model/index.ts';
import type { Report } from '../object-report.ts';
import { checkPort, reportHost } from '../rules/host.ts';
import { checkLabels } from '../rules/selection.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import { checkWildcardName } from '../values/host-name.ts';
import { isCidrBlock, isIpAddress } from '../values/ip-address.ts';
import { checkGatewayNames } from './gateway-name.ts';
import { isPassthroughSni } from './passthrough-sni.ts';
import type { TcpMatch, TcpRoute, TlsMatch, TlsRoute } from './type.ts';
import { checkWeights } from './validate-destination.ts';

/** What a TLS route may know of its VirtualService. */
export interface TlsRouteContext {
  readonly report: Report;
  readonly hosts: readonly string[];
  readonly isForGateways: boolean;
}

/** A rule for TLS that is not ended here (Istio: validateTLSRoute). */
export function checkTlsRoute(route: TlsRoute, path: Path, context: TlsRouteContext): void {
  const { report } = context;
  if (route.match.length === 0) problem(report, 'PEL3005', [...path, 'match'], 'there must be at least one match');
  route.match.forEach((match, index) => {
    const place = [...path, 'match', index];
    if (match.sniHosts.length === 0)
      problem(report, 'PEL3005', [...place, 'sniHosts'], 'there must be at least one SNI host');
    match.sniHosts.forEach((host, hostIndex) => {
      checkSniHost(host, [...place, 'sniHosts', hostIndex], context);
    });
    checkStreamMatch(match, place, report);
  });
  if (!route.route?.length) problem(report, 'PEL3005', [...path, 'route'], 'there must be a destination');
  checkWeights(route.route, [...path, 'route'], report);
}

function checkSniHost(host: string, path: Path, context: TlsRouteContext): void {
  const { report, hosts, isForGateways } = context;
  if (isIpAddress(host)) {
    problem(
      report,
      'PEL3017',
      path,
      `clients do not send an IP address as SNI (RFC 6066), so "${host}" matches hardly anybody`,
    );
    return;
  }
  const wrong = isForGateways && isPassthroughSni(host) ? undefined : checkWildcardName(host);
  reportHost(host, wrong, path, report);
  if (wrong || hosts.some((known) => hostnameCovers(parseHostname(known), parseHostname(host)))) return;
  problem(report, 'PEL3011', path, `"${host}" is none of this VirtualService's hosts (${hosts.join(', ')})`);
}

/** A rule for streams of bytes (Istio: validateTCPRoute). */
export function checkTcpRoute(route: TcpRoute, path: Path, report: Report): void {
  route.match?.forEach((match, index) => {
    checkStreamMatch(match, [...path, 'match', index], report);
  });
  if (!route.route?.length) problem(report, 'PEL3005', [...path, 'route'], 'there must be a destination');
  checkWeights(route.route, [...path, 'route'], report);
}

function checkStreamMatch(match: TlsMatch | TcpMatch, path: Path, report: Report): void {
  match.destinationSubnets?.forEach((subnet, index) => {
    if (isIpAddress(subnet) || isCidrBlock(subnet)) return;
    const place = [...path, 'destinationSubnets', index];
    report.add(
      'PEL3006',
      { field: formatPath(place), address: subnet, expected: 'an IP address or a CIDR block' },
      place,
    );
  });
  if (match.port) checkPort(match.port, [...path, 'port'], report);
  checkLabels(match.sourceLabels, [...path, 'sourceLabels'], report);
  checkGatewayNames(match.gateways, [...path, 'gateways'], report);
}
