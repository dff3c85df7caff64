import { suggest } from '../../diagnostics/index.ts';
import type { VirtualService } from '../config-object.ts';
import type { ObjectIndex } from '../object-store.ts';
import { formatPath, type Path } from '../schema/path.ts';
import type { Destination } from '../virtual-service/type.ts';
import type { FindingList } from './finding-list.ts';
import { canonicalHost, type MeshKnowledge } from './mesh-knowledge.ts';

interface PlacedDestination {
  readonly destination: Destination;
  readonly path: Path;
}

/** Destinations of VirtualServices: does the host exist, has it that subset, and that port? */
export function analyzeDestinations(objects: ObjectIndex, knows: MeshKnowledge, findings: FindingList): void {
  const subsets = subsetsByHost(objects);
  for (const service of objects.ofKind('VirtualService')) {
    for (const placed of destinationsOf(service)) checkDestination(service, placed, { knows, subsets, findings });
  }
}

interface Context {
  readonly knows: MeshKnowledge;
  readonly subsets: ReadonlyMap<string, ReadonlySet<string>>;
  readonly findings: FindingList;
}

function checkDestination(service: VirtualService, placed: PlacedDestination, context: Context): void {
  const { destination, path } = placed;
  const { knows, subsets, findings } = context;
  const { host, subset } = destination;
  const { namespace } = service.ref;
  const field = formatPath(path);
  // A host that only a VirtualService gives is no endpoint, but may be routed on by it.
  if (!knows.hostExists(host, namespace)) {
    const suggestion = suggest(canonicalHost(host, namespace), knows.hostNames?.() ?? []);
    const place = [...path, 'host'];
    findings.add(service, { code: 'PEL4001', parameters: { field, host, suggestion }, path: place });
    return;
  }
  if (subset) {
    const known = subsets.get(canonicalHost(host, namespace)) ?? new Set();
    const suggestion = suggest(subset, known);
    const parameters = { field, subset, host, suggestion };
    if (!known.has(subset)) findings.add(service, { code: 'PEL4002', parameters, path: [...path, 'subset'] });
  }
  checkPort(service, placed, context);
}

function checkPort(service: VirtualService, { destination, path }: PlacedDestination, context: Context): void {
  const { host, port } = destination;
  const known = context.knows.portsOf?.(host, service.ref.namespace);
  if (!known || known.length === 0) return;
  const field = formatPath(path);
  const ports = known.join(', ');
  if (port?.number !== undefined) {
    if (known.includes(port.number)) return;
    const parameters = { field, host, port: port.number, ports };
    context.findings.add(service, { code: 'PEL4009', parameters, path: [...path, 'port'] });
  } else if (known.length > 1 && path[1] !== 'http') {
    // HTTP without a port goes to the port that the client called.
    context.findings.add(service, { code: 'PEL4008', parameters: { field, host, ports }, path });
  }
}

function destinationsOf({ spec }: VirtualService): PlacedDestination[] {
  const found: PlacedDestination[] = [];
  for (const protocol of ['http', 'tls', 'tcp'] as const) {
    spec[protocol]?.forEach((rule, index) => {
      const path = ['spec', protocol, index];
      rule.route?.forEach(({ destination }, routeIndex) => {
        found.push({ destination, path: [...path, 'route', routeIndex, 'destination'] });
      });
    });
  }
  spec.http?.forEach((rule, index) => {
    const path = ['spec', 'http', index];
    if (rule.mirror) found.push({ destination: rule.mirror, path: [...path, 'mirror'] });
    rule.mirrors?.forEach(({ destination }, mirrorIndex) => {
      found.push({ destination, path: [...path, 'mirrors', mirrorIndex, 'destination'] });
    });
  });
  return found;
}

function subsetsByHost(objects: ObjectIndex): Map<string, Set<string>> {
  const byHost = new Map<string, Set<string>>();
  for (const { ref, spec } of objects.ofKind('DestinationRule')) {
    const host = canonicalHost(spec.host, ref.namespace);
    const known = byHost.get(host) ?? new Set();
    for (const { name } of spec.subsets ?? []) known.add(name);
    byHost.set(host, known);
  }
  return byHost;
}
