import { suggest } from '../../diagnostics/index.ts';
import { hostnameCovers, parseHostname } from '../../model/index.ts';
import type { Gateway, VirtualService } from '../config-object.ts';
import type { ObjectIndex } from '../object-store.ts';
import { formatPath, type Path } from '../schema/path.ts';
import type { FindingList } from './finding-list.ts';

/** `<namespace>/<name>` of a gateway as a VirtualService names it. */
export function gatewayName(text: string, namespace: string): string {
  if (text.includes('/') || text === 'mesh') return text;
  // The old form: gateway.namespace.svc.cluster.local.
  const [name = '', home = namespace] = text.split('.');
  return `${home}/${name}`;
}

/** Gateways that VirtualServices name: do they exist, and do they serve the hosts? */
export function analyzeGateways(objects: ObjectIndex, findings: FindingList): void {
  const gateways = new Map(
    objects.ofKind('Gateway').map((gateway) => [`${gateway.ref.namespace}/${gateway.ref.name}`, gateway]),
  );
  for (const service of objects.ofKind('VirtualService')) {
    for (const { text, path } of gatewaysOf(service)) {
      const name = gatewayName(text, service.ref.namespace);
      const gateway = gateways.get(name);
      if (name === 'mesh') continue;
      if (gateway) checkHosts(service, gateway, findings);
      else {
        const parameters = { field: formatPath(path), gateway: name, suggestion: suggest(name, gateways.keys()) };
        findings.add(service, { code: 'PEL4003', parameters, path });
      }
    }
  }
}

interface NamedGateway {
  readonly text: string;
  readonly path: Path;
}

function gatewaysOf({ spec }: VirtualService): NamedGateway[] {
  const found: NamedGateway[] = (spec.gateways ?? []).map((text, index) => ({
    text,
    path: ['spec', 'gateways', index],
  }));
  const seen = new Set(found.map(({ text }) => text));
  for (const protocol of ['http', 'tls', 'tcp'] as const) {
    spec[protocol]?.forEach((rule, index) => {
      rule.match?.forEach((match, matchIndex) => {
        match.gateways?.forEach((text, gatewayIndex) => {
          if (seen.has(text)) return;
          seen.add(text);
          found.push({ text, path: ['spec', protocol, index, 'match', matchIndex, 'gateways', gatewayIndex] });
        });
      });
    });
  }
  return found;
}

function checkHosts(service: VirtualService, gateway: Gateway, findings: FindingList): void {
  service.spec.hosts.forEach((host, index) => {
    const isServed = gateway.spec.servers?.some((server) =>
      server.hosts.some((served) => serves(served, host, service, gateway)),
    );
    if (isServed) return;
    const path = ['spec', 'hosts', index];
    const parameters = { field: formatPath(path), gateway: `${gateway.ref.namespace}/${gateway.ref.name}`, host };
    findings.add(service, { code: 'PEL4007', parameters, path });
  });
}

/** `<namespace>/<host>` of a server: may a VirtualService of that namespace bind that host here? */
function serves(served: string, host: string, service: VirtualService, gateway: Gateway): boolean {
  const slash = served.indexOf('/');
  const given = slash < 0 ? '*' : served.slice(0, slash);
  const namespace = given === '.' ? gateway.ref.namespace : given;
  if (namespace !== '*' && namespace !== service.ref.namespace) return false;
  const [pattern, name] = [parseHostname(served.slice(slash + 1)), parseHostname(host)];
  return hostnameCovers(pattern, name) || hostnameCovers(name, pattern);
}
