/** What the mesh does with a pod, as `istioctl experimental describe` tells it. Pure: from objects to lines. */
import type { ObjectIndex, ObjectOfKind } from '../../config/index.ts';
import { containersOf } from '../kubernetes/pods.ts';
import { entriesAt, listAt, textAt } from '../objects/body.ts';
import { type Labels, matches } from './labels.ts';
import { describeRoutes, rulesFor } from './rules.ts';

export const RULE = '--------------------';
/** The container that a proxy is. */
const PROXY = 'istio-proxy';

/** All that is looked at. */
export interface Surroundings {
  readonly objects: ObjectIndex;
  readonly rootNamespace: string;
}

/** Lines about a pod as the API has it. */
export function describePod(pod: unknown, around: Surroundings): readonly string[] {
  const name = textAt(pod, 'metadata', 'name');
  const namespace = textAt(pod, 'metadata', 'namespace');
  const labels = labelsOf(pod);
  const services = around.objects
    .ofKind('Service')
    .filter(({ ref, spec }) => ref.namespace === namespace && spec.selector && matches(spec.selector, labels));
  return [
    `Pod: ${name}${namespace === 'default' ? '' : `.${namespace}`}`,
    ...revisionLines(pod),
    `   Pod Ports: ${portsOf(pod).join(', ') || 'none'}`,
    ...(hasProxy(pod) ? [] : ['WARNING: this pod has no proxy (container istio-proxy): the mesh does nothing with it']),
    ...(services.length > 0 ? [] : [RULE, `No Service selects this pod: rules for hosts do not reach it`]),
    ...services.flatMap((service) => [RULE, ...describeServiceOfPod(service, { labels, around })]),
    RULE,
    ...mutualTls(labels, namespace, around),
    ...authorization(labels, namespace, around),
  ];
}

/** Lines about a Service and the rules for it. */
export function describeService(service: ObjectOfKind<'Service'>, around: Surroundings): readonly string[] {
  return describeServiceOfPod(service, { labels: undefined, around });
}

function describeServiceOfPod(
  service: ObjectOfKind<'Service'>,
  { labels, around }: { readonly labels: Labels | undefined; readonly around: Surroundings },
): readonly string[] {
  const { name, namespace } = service.ref;
  return [
    `Service: ${name}${namespace === 'default' ? '' : `.${namespace}`}`,
    ...service.spec.ports.map(
      ({ name: port, port: number, targetPort, appProtocol, protocol }) =>
        `   Port: ${port || '(no name)'} ${number}/${protocolOf(port, appProtocol, protocol)} targets pod port ${targetPort}`,
    ),
    ...rulesFor(service, { labels, objects: around.objects, rootNamespace: around.rootNamespace }),
    ...describeRoutes(service, around.objects),
  ];
}

/** Istio reads the protocol from `appProtocol`, else from the name before its first `-`. */
function protocolOf(name: string, appProtocol: string | undefined, protocol: string): string {
  if (protocol === 'UDP') return 'UDP';
  const word = (appProtocol ?? name.split('-')[0] ?? '').toLowerCase();
  const known = ['http', 'http2', 'grpc', 'grpc-web', 'https', 'tls', 'tcp', 'mongo', 'mysql', 'redis'];
  return known.includes(word) ? word.toUpperCase() : 'auto-detect';
}

function revisionLines(pod: unknown): readonly string[] {
  const revision =
    textAt(pod, 'metadata', 'labels', 'istio.io/rev') || textAt(pod, 'metadata', 'annotations', 'istio.io/rev');
  return revision === '' ? [] : [`   Pod Revision: ${revision}`];
}

function portsOf(pod: unknown): readonly string[] {
  return containersOf(pod).flatMap((container) =>
    listAt(container, 'ports').map((port) => `${textAt(port, 'containerPort')} (${textAt(container, 'name')})`),
  );
}

function hasProxy(pod: unknown): boolean {
  return containersOf(pod).some((container) => textAt(container, 'name') === PROXY);
}

function labelsOf(pod: unknown): Labels {
  return Object.fromEntries(entriesAt(pod, 'metadata', 'labels').map(([key, value]) => [key, String(value)]));
}

/** The narrowest policy that says a mode wins: workload, namespace, mesh (Istio: PeerAuthentication). */
function mutualTls(labels: Labels, namespace: string, { objects, rootNamespace }: Surroundings): readonly string[] {
  const policies = objects.ofKind('PeerAuthentication');
  const levels = [
    policies.filter(
      ({ ref, spec }) =>
        ref.namespace === namespace && hasSelector(spec.selector) && matches(spec.selector?.matchLabels ?? {}, labels),
    ),
    policies.filter(({ ref, spec }) => ref.namespace === namespace && !hasSelector(spec.selector)),
    policies.filter(({ ref, spec }) => ref.namespace === rootNamespace && !hasSelector(spec.selector)),
  ];
  const applied = levels.flat().filter(({ ref }, index, all) => all.findIndex((each) => each.ref === ref) === index);
  const mode = levels
    .map((level) => [...level].sort((a, b) => a.meta.createdAtMs - b.meta.createdAtMs)[0]?.spec.mtls?.mode)
    .find((each) => each !== undefined && each !== 'UNSET');
  const ports = levels[0]?.[0]?.spec.portLevelMtls ?? {};
  return [
    'Effective PeerAuthentication:',
    `   Workload mTLS mode: ${mode ?? 'PERMISSIVE'}`,
    ...Object.entries(ports).map(([port, { mode: own }]) => `   Port ${port} mTLS mode: ${own ?? 'UNSET'}`),
    ...(applied.length > 0
      ? [`Applied PeerAuthentication:\n   ${applied.map(({ ref }) => `${ref.name}.${ref.namespace}`).join(', ')}`]
      : []),
  ];
}

function hasSelector(selector: { readonly matchLabels?: Labels } | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length > 0;
}

function authorization(labels: Labels, namespace: string, { objects, rootNamespace }: Surroundings): readonly string[] {
  const policies = objects
    .ofKind('AuthorizationPolicy')
    .filter(
      ({ ref, spec }) =>
        (ref.namespace === namespace || ref.namespace === rootNamespace) &&
        matches(spec.selector?.matchLabels ?? {}, labels),
    );
  if (policies.length === 0) return [];
  return [
    'Applied AuthorizationPolicy:',
    ...policies.map(
      ({ ref, spec }) => `   ${ref.name}.${ref.namespace} (${spec.action}, ${spec.rules?.length ?? 0} rules)`,
    ),
  ];
}
