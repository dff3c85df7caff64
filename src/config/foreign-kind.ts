import { suggest } from '../diagnostics/index.ts';
import { KINDS } from './kinds.ts';
import type { Report } from './object-report.ts';

/** Kinds of groups that the mesh knows, but which it leaves alone. */
const LEFT_ALONE: Readonly<Record<string, readonly string[]>> = {
  '': [
    'Event',
    'LimitRange',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'PodTemplate',
    'ReplicationController',
    'ResourceQuota',
  ],
  apps: ['ControllerRevision'],
  batch: ['CronJob'],
  'networking.k8s.io': ['Ingress', 'IngressClass', 'IPAddress', 'ServiceCIDR'],
};

/** Kinds that manifests of meshes hold, and why nothing is done about them here. */
const NOT_ACTED_ON: Readonly<Record<string, string>> = {
  'monitoring.coreos.com':
    'Prometheus reads it. The control plane and the proxies serve the metrics that it selects; there is nothing to configure.',
  'install.istio.io':
    'It tells istioctl how to install Istio. This mesh is not installed by istioctl; what its settings ask for is set in the mesh configuration.',
  'gateway.networking.k8s.io':
    'Routes and gateways of the Gateway API are not translated. Use Gateway and VirtualService of networking.istio.io.',
  'extensions.istio.io/TrafficExtension':
    'Lua and WebAssembly extensions by this kind are not translated; use WasmPlugin.',
};

/** Reports what an object is that the mesh does not act on: of another program, or a typing error. */
export function reportForeignKind(group: string, kind: string, report: Report): void {
  const shownGroup = group === '' ? 'v1' : group;
  const reason = NOT_ACTED_ON[`${group}/${kind}`] ?? NOT_ACTED_ON[group];
  if (reason !== undefined) {
    report.add('PEL2012', { kind, group: shownGroup, reason }, []);
    return;
  }
  const ours = KINDS.filter((definition) => definition.group === group).map((definition) => definition.kind);
  const isForeign = ours.length === 0 || (LEFT_ALONE[group] ?? []).includes(kind);
  if (isForeign) {
    report.add('PEL2013', { kind, group: shownGroup }, ['kind']);
    return;
  }
  const suggestion = suggest(kind, ours) || elsewhere(kind);
  report.add('PEL2001', { kind, group: shownGroup, suggestion }, ['kind']);
}

function elsewhere(kind: string): string {
  const found = KINDS.find((definition) => definition.kind === kind);
  if (!found) return '';
  const version = found.versions[0] ?? 'v1';
  return ` - did you mean apiVersion: ${found.group === '' ? version : `${found.group}/${version}`}?`;
}
