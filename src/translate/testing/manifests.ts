/** A Service with its pods, as YAML: `http` on port 80, to 8080 of the pods. */
export interface PaperService {
  readonly name: string;
  readonly namespace?: string;
  /** Pods by name with their addresses; a pod has the labels `app` and `pod`, and speaks mTLS. */
  readonly pods?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly port?: number;
  readonly portName?: string;
  readonly headless?: boolean;
  readonly clusterIp?: string;
  readonly exportTo?: string;
  /** Extra lines of every endpoint, such as `conditions: {...}`. */
  readonly endpoint?: string;
}

/** A pod with a proxy, and a service account of its app's name. */
export function podText(pod: {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ip?: string;
}): string {
  const { name, namespace = 'default', labels = {}, ip = '10.9.9.9' } = pod;
  const all = JSON.stringify({ 'security.istio.io/tlsMode': 'istio', ...labels });
  return `---
{apiVersion: v1, kind: Pod, metadata: {name: ${name}, namespace: ${namespace}, labels: ${all}},
 spec: {serviceAccountName: ${labels['app'] ?? 'default'}, containers: [{name: app, ports: [{name: web, containerPort: 8080}]}]},
 status: {podIP: ${ip}}}
`;
}

export function serviceText(service: PaperService): string {
  const {
    name,
    namespace = 'default',
    pods = {},
    labels = {},
    port = 80,
    portName = 'http',
    headless,
    clusterIp,
    exportTo,
  } = service;
  const ip = headless ? 'None' : clusterIp;
  const annotations = exportTo === undefined ? '' : `, annotations: {networking.istio.io/exportTo: "${exportTo}"}`;
  const endpoints = Object.entries(pods).map(
    ([pod, ip]) =>
      `{addresses: [${ip}], targetRef: {kind: Pod, namespace: ${namespace}, name: ${pod}}${service.endpoint ?? ''}}`,
  );
  return `---
{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: ${namespace}${annotations}},
 spec: {${ip === undefined ? '' : `clusterIP: ${ip}, `}selector: {app: ${name}}, ports: [{name: ${portName}, port: ${port}, targetPort: 8080}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: ${name}-a, namespace: ${namespace}, labels: {kubernetes.io/service-name: ${name}}},
 ports: [{name: ${portName}, port: 8080}], endpoints: [${endpoints.join(', ')}]}
${Object.entries(pods)
  .map(([pod, ip]) => podText({ name: pod, namespace, ip, labels: { app: name, pod, ...labels } }))
  .join('')}`;
}

/** The Gateway and Service by which a cluster's network is entered from others, with its pod `eastwest`. */
export function eastWestText(cluster: string, ip: string, hosts = '"*.local"'): string {
  return `---
{apiVersion: v1, kind: Service, metadata: {name: eastwest, namespace: istio-system, labels: {topology.istio.io/network: ${cluster}}},
 spec: {type: LoadBalancer, selector: {istio: eastwest}, ports: [{name: tls, port: 15443, targetPort: 15443}]}, status: {loadBalancer: {ingress: [{ip: ${ip}}]}}}
---
{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: cross-network, namespace: istio-system},
 spec: {selector: {istio: eastwest}, servers: [{port: {number: 15443, name: tls, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}, hosts: [${hosts}]}]}}
${podText({ name: 'eastwest', namespace: 'istio-system', labels: { istio: 'eastwest' } })}`;
}

/** An object of Istio's, its spec in flow style. */
export function istioText(kind: string, name: string, spec: string, namespace = 'default'): string {
  const group = ['PeerAuthentication', 'AuthorizationPolicy'].includes(kind) ? 'security' : 'networking';
  return `---
{apiVersion: ${group}.istio.io/v1, kind: ${kind}, metadata: {name: ${name}, namespace: ${namespace}}, spec: ${spec}}
`;
}
