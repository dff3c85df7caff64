import { hostnameCovers, parseHostname } from '../../model/index.ts';
import type { Report } from '../object-report.ts';
import { reportHost } from '../rules/host.ts';
import { checkExportTo } from '../rules/visibility.ts';
import { formatPath } from '../schema/path.ts';
import { problem, type Subject } from '../subject.ts';
import { checkWildcardName } from '../values/host-name.ts';
import { isIpAddress } from '../values/ip-address.ts';
import { checkGatewayNames } from './gateway-name.ts';
import { isPassthroughSni } from './passthrough-sni.ts';
import { isRoutingClaim } from './routing-claim.ts';
import type { VirtualServiceSpec } from './type.ts';
import { reportUnreachable } from './unreachable.ts';
import { checkHttpRoute } from './validate-http-route.ts';
import { checkTcpRoute, checkTlsRoute } from './validate-stream-route.ts';

/** The name by which a VirtualService binds to all sidecars. */
const MESH_GATEWAY = 'mesh';

/** What the schema of a VirtualService cannot say (Istio: ValidateVirtualService). */
export function validateVirtualService(spec: VirtualServiceSpec, subject: Subject): void {
  const { report } = subject;
  const hosts = spec.hosts ?? [];
  const isDelegate = hosts.length === 0;
  if (isDelegate) checkDelegate(spec, report);
  checkGatewayNames(spec.gateways, ['spec', 'gateways'], report);
  const isForGateways = (spec.gateways?.length ?? 0) > 0 && !spec.gateways?.includes(MESH_GATEWAY);
  if (!isForGateways) checkClaims(spec, report);
  checkHosts(spec, isForGateways, report);
  if (!spec.http?.length && !spec.tcp?.length && !spec.tls?.length) {
    problem(report, 'PEL3005', ['spec'], 'there must be at least one route, in http, tls or tcp');
  }
  spec.http?.forEach((route, index) => {
    checkHttpRoute(route, ['spec', 'http', index], { report, isDelegate });
  });
  spec.tls?.forEach((route, index) => {
    checkTlsRoute(route, ['spec', 'tls', index], { report, hosts, isForGateways });
  });
  spec.tcp?.forEach((route, index) => {
    checkTcpRoute(route, ['spec', 'tcp', index], report);
  });
  checkExportTo(spec.exportTo, subject);
  reportUnreachable(spec, report);
}

function checkDelegate(spec: VirtualServiceSpec, report: Report): void {
  const explain = 'without hosts this is a delegate, which other VirtualServices refer to: it can have no';
  if (spec.gateways?.length) problem(report, 'PEL3004', ['spec', 'gateways'], `${explain} gateways`);
  if (spec.tls?.length) problem(report, 'PEL3004', ['spec', 'tls'], `${explain} tls routes`);
  if (spec.tcp?.length) problem(report, 'PEL3004', ['spec', 'tcp'], `${explain} tcp routes`);
}

/** Claims of a token can be read only where it was checked before routing, which is so on gateways. */
function checkClaims(spec: VirtualServiceSpec, report: Report): void {
  spec.http?.forEach((route, index) => {
    route.match?.forEach((match, matchIndex) => {
      for (const name of ['headers', 'withoutHeaders'] as const) {
        for (const header of Object.keys(match[name] ?? {})) {
          if (!isRoutingClaim(header)) continue;
          const path = ['spec', 'http', index, 'match', matchIndex, name, header];
          problem(
            report,
            'PEL3011',
            path,
            'routing by JWT claims works on gateways only; name gateways and leave out "mesh"',
          );
        }
      }
    });
  });
}

function checkHosts(spec: VirtualServiceSpec, isForGateways: boolean, report: Report): void {
  const hosts = spec.hosts ?? [];
  let allValid = true;
  hosts.forEach((host, index) => {
    const path = ['spec', 'hosts', index];
    const wrong = wrongHost(host, spec, isForGateways);
    if (wrong) allValid = false;
    reportHost(host, wrong, path, report);
  });
  if (!allValid) return;
  hosts.forEach((host, index) => {
    const twin = hosts.slice(index + 1).find((other) => coverEachOther(host, other));
    if (twin === undefined) return;
    const path = ['spec', 'hosts', index];
    const what = host === twin ? host : `what both ${host} and ${twin} match`;
    report.add('PEL3002', { field: formatPath(path), what }, path);
  });
}

function wrongHost(host: string, spec: VirtualServiceSpec, isForGateways: boolean): string | undefined {
  if (isIpAddress(host)) return undefined;
  if (isForGateways && hasSniMatch(spec) && isPassthroughSni(host)) return undefined;
  if (host === '*' && !isForGateways) return 'every host there is can be routed on gateways only, not in the mesh';
  return checkWildcardName(host);
}

function hasSniMatch(spec: VirtualServiceSpec): boolean {
  return (spec.tls ?? []).some((route) => route.match.some((match) => match.sniHosts.length > 0));
}

function coverEachOther(a: string, b: string): boolean {
  const [first, second] = [parseHostname(a), parseHostname(b)];
  return hostnameCovers(first, second) || hostnameCovers(second, first);
}
