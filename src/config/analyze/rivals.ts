import type { ConfigObject, ConfigObjectOf } from '../config-object.ts';
import type { ObjectIndex } from '../object-store.ts';
import { formatPath } from '../schema/path.ts';
import type { FindingList } from './finding-list.ts';
import { gatewayName } from './gateways.ts';
import { canonicalHost } from './mesh-knowledge.ts';

/** Objects that say different things about the same traffic. */
export function analyzeRivals(objects: ObjectIndex, findings: FindingList): void {
  analyzeVirtualServices(objects, findings);
  analyzeDestinationRules(objects, findings);
  analyzeUnselective('Sidecar', objects, findings);
  analyzeUnselective('PeerAuthentication', objects, findings);
}

function analyzeVirtualServices(objects: ObjectIndex, findings: FindingList): void {
  const owners = new Map<string, ConfigObjectOf<'VirtualService'>[]>();
  for (const service of objects.ofKind('VirtualService')) {
    const gateways = service.spec.gateways?.length ? service.spec.gateways : ['mesh'];
    service.spec.hosts.forEach((host, index) => {
      for (const text of gateways) {
        const gateway = gatewayName(text, service.ref.namespace);
        const key = `${gateway} ${canonicalHost(host, service.ref.namespace)}`;
        const others = owners.get(key) ?? [];
        const rival = others.find((other) => meet(other, service));
        if (rival) {
          const parameters = { host, gateway: gateway === 'mesh' ? 'the mesh' : gateway, other: describe(rival) };
          findings.add(service, { code: 'PEL4004', parameters, path: ['spec', 'hosts', index] });
        }
        owners.set(key, [...others, service]);
      }
    });
  }
}

function analyzeDestinationRules(objects: ObjectIndex, findings: FindingList): void {
  const owners = new Map<string, ConfigObjectOf<'DestinationRule'>[]>();
  for (const rule of objects.ofKind('DestinationRule')) {
    // Rules for some clients only may well stand beside the rule for all.
    if (rule.spec.workloadSelector) continue;
    const key = canonicalHost(rule.spec.host, rule.ref.namespace);
    const others = owners.get(key) ?? [];
    const rival = others.find((other) => other.ref.namespace === rule.ref.namespace && meet(other, rule));
    if (rival) {
      const parameters = { host: rule.spec.host, other: describe(rival) };
      findings.add(rule, { code: 'PEL4005', parameters, path: ['spec', 'host'] });
    }
    owners.set(key, [...others, rule]);
  }
}

/** Is there a namespace that sees both? */
function meet(
  a: ConfigObjectOf<'VirtualService'> | ConfigObjectOf<'DestinationRule'>,
  b: ConfigObjectOf<'VirtualService'> | ConfigObjectOf<'DestinationRule'>,
): boolean {
  const [first, second] = [a, b].map(({ ref, spec }) => {
    const exportTo = spec.exportTo?.length ? spec.exportTo : ['*'];
    return exportTo.map((entry) => (entry === '.' ? ref.namespace : entry));
  });
  if (!first || !second) return false;
  return first.includes('*') || second.includes('*') || first.some((namespace) => second.includes(namespace));
}

/** Of these kinds only one object without a selector can count in a namespace. */
function analyzeUnselective(kind: 'Sidecar' | 'PeerAuthentication', objects: ObjectIndex, findings: FindingList): void {
  const first = new Map<string, ConfigObject>();
  for (const object of objects.ofKind(kind)) {
    if (!isUnselective(object)) continue;
    const other = first.get(object.ref.namespace);
    if (!other) first.set(object.ref.namespace, object);
    else {
      const path = ['spec'];
      const parameters = { field: formatPath(path), other: describe(other) };
      findings.add(object, { code: 'PEL4011', parameters, path });
    }
  }
}

function isUnselective(object: ConfigObject): boolean {
  if (object.kind === 'Sidecar') return Object.keys(object.spec.workloadSelector?.labels ?? {}).length === 0;
  if (object.kind === 'PeerAuthentication') return Object.keys(object.spec.selector?.matchLabels ?? {}).length === 0;
  return false;
}

function describe({ ref }: ConfigObject): string {
  return `${ref.kind} ${ref.namespace}/${ref.name}`;
}
