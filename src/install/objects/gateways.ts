import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import { plain } from '../plain.ts';
import { type GatewayValues, type InstallValues, revisionSuffix } from '../values/install-values.ts';
import { gatewayTemplate } from './gateway-pod.ts';
import { serviceAccount } from './istiod-access.ts';
import { type Component, ownershipLabels } from './labels.ts';
import { istiodHost, istiodName } from './names.ts';
import { autoscaler, disruptionBudget } from './scheduling.ts';

/** Account, Service and pods of one gateway. */
export function gatewayObjects(values: InstallValues, gateway: GatewayValues): readonly KubernetesObject[] {
  const { name, autoscale, replicas } = gateway;
  const component: Component = gateway.kind === 'egress' ? 'EgressGateways' : 'IngressGateways';
  const labels = { ...gateway.labels, ...ownershipLabels(values, component) };
  const selector = selectorOf(gateway);
  const scaled = { name, namespace: values.namespace, labels, k8s: gateway.k8s };
  const annotations = plain(gateway.k8s['serviceAnnotations']) as Readonly<Record<string, string>>;
  const metadata = { name, namespace: values.namespace, labels };
  const hasAnnotations = Object.keys(annotations).length > 0;
  return [
    serviceAccount({ name: `${name}-service-account`, labels, values }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: hasAnnotations ? { ...metadata, annotations } : metadata,
      spec: { ...gateway.service, selector },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        ...(replicas === undefined ? {} : { replicas }),
        selector: { matchLabels: selector },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '100%', maxUnavailable: '25%' } },
        template: gatewayTemplate(values, gateway),
      },
    },
    ...(autoscale ? [autoscaler(scaled, autoscale)] : []),
    ...disruptionBudget(values, scaled, selector),
  ];
}

function selectorOf({ labels }: GatewayValues): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => key === 'app' || key === 'istio'));
}

/**
 * What the east-west gateway lets through: calls between the mesh's pods by their SNI, and, where this cluster has a
 * control plane, xDS and webhooks of clusters that it serves. Everything stays encrypted end to end.
 */
export function eastWestRules(values: InstallValues): readonly KubernetesObject[] {
  const gateway = values.gateways.find(({ kind }) => kind === 'east-west');
  if (!gateway) return [];
  const labels = ownershipLabels(values, 'IngressGateways');
  const selector = { istio: gateway.labels['istio'] ?? 'eastwestgateway' };
  const crossNetwork: KubernetesObject = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'cross-network-gateway', namespace: values.namespace, labels },
    spec: {
      selector,
      servers: [
        {
          port: { number: 15443, name: 'tls', protocol: 'TLS' },
          tls: { mode: 'AUTO_PASSTHROUGH' },
          hosts: ['*.local'],
        },
      ],
    },
  };
  return values.hasPilot ? [crossNetwork, ...exposedIstiod(values, selector)] : [crossNetwork];
}

function exposedIstiod(values: InstallValues, selector: Readonly<Record<string, string>>): readonly KubernetesObject[] {
  const labels = ownershipLabels(values, 'IngressGateways');
  // Only the control plane's own name: with `*` the port would lead any name to it.
  const sni = istiodHost(values);
  const host = `${istiodName(values)}.${values.namespace}.svc.cluster.local`;
  const server = (number: number, name: string) => ({
    port: { number, name, protocol: 'TLS' },
    tls: { mode: 'PASSTHROUGH' },
    hosts: [sni],
  });
  const route = (port: number, to: number) => ({
    match: [{ port, sniHosts: [sni] }],
    route: [{ destination: { host, port: { number: to } } }],
  });
  const name = `istiod-gateway${revisionSuffix(values)}`;
  return [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name, namespace: values.namespace, labels },
      spec: { selector, servers: [server(15012, 'tls-istiod'), server(15017, 'tls-istiodwebhook')] },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: `istiod-vs${revisionSuffix(values)}`, namespace: values.namespace, labels },
      spec: { hosts: [sni], gateways: [name], tls: [route(15012, 15012), route(15017, 443)] },
    },
  ];
}
