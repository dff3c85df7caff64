import { flagAt, isPlain, list, merge, type Plain, plain, textAt } from '../plain.ts';
import type { GatewayValues } from './install-values.ts';

interface Port {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
  readonly protocol: 'TCP';
}

function port(name: string, number: number, targetPort: number = number): Port {
  return { name, port: number, targetPort, protocol: 'TCP' };
}

/** Istio's ports. The first is what a load balancer asks for health (AWS takes the first of the list). */
const PORTS: Readonly<Record<GatewayValues['kind'], readonly Port[]>> = {
  ingress: [port('status-port', 15021), port('http2', 80, 8080), port('https', 443, 8443)],
  'east-west': [port('status-port', 15021), port('tls', 15443), port('tls-istiod', 15012), port('tls-webhook', 15017)],
  egress: [port('http2', 80, 8080), port('https', 443, 8443)],
};
const TYPES: Readonly<Record<GatewayValues['kind'], string>> = {
  ingress: 'LoadBalancer',
  'east-west': 'LoadBalancer',
  egress: 'ClusterIP',
};

/** The enabled gateways of a merged spec, ingress gateways before egress gateways. */
export function gatewayValues(spec: Plain, network: string): readonly GatewayValues[] {
  const components = plain(spec['components']);
  const settings = plain(plain(spec['values'])['gateways']);
  return ['ingressGateways', 'egressGateways'].flatMap((field) =>
    list(components[field])
      .filter(isPlain)
      .filter((gateway) => flagAt(gateway, 'enabled'))
      .map((gateway) => readGateway({ gateway, field, settings, network })),
  );
}

interface Found {
  readonly gateway: Plain;
  readonly field: string;
  readonly settings: Plain;
  readonly network: string;
}

function readGateway({ gateway, field, settings, network }: Found): GatewayValues {
  const name = textAt(gateway, 'name') ?? 'istio-ingressgateway';
  const given = plain(gateway['label']) as Readonly<Record<string, string>>;
  const isEastWest = given['istio'] === 'eastwestgateway' || name === 'istio-eastwestgateway';
  const kind = field === 'egressGateways' ? 'egress' : isEastWest ? 'east-west' : 'ingress';
  const old = plain(settings[name]);
  const k8s = merge(fromValues(old), plain(gateway['k8s'])) as Plain;
  const autoscale = autoscaler(old, k8s);
  return {
    kind,
    name,
    labels: {
      app: name,
      istio: name.replace(/^istio-/, ''),
      ...given,
      ...(plain(old['labels']) as Readonly<Record<string, string>>),
      ...(kind === 'east-west' ? { 'topology.istio.io/network': network } : {}),
    },
    autoscale,
    replicas: autoscale ? undefined : Number(k8s['replicaCount'] ?? 1),
    service: { type: TYPES[kind], ports: PORTS[kind], ...plain(k8s['service']) },
    k8s,
  };
}

/** Helm's older values of a gateway, as settings of a component. */
function fromValues(values: Plain): Plain {
  const service = Object.fromEntries(
    ['type', 'ports', 'loadBalancerIP', 'loadBalancerSourceRanges'].flatMap((key) =>
      values[key] === undefined ? [] : [[key, values[key]]],
    ),
  );
  const same = ['replicaCount', 'resources', 'serviceAnnotations', 'podAnnotations', 'nodeSelector', 'tolerations'];
  const k8s = Object.fromEntries(same.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])));
  return { ...k8s, ...(Object.keys(service).length > 0 ? { service } : {}) };
}

/** Istio scales its gateways by processor time, 1 to 5 pods, unless their number is said. */
function autoscaler(values: Plain, k8s: Plain): GatewayValues['autoscale'] {
  const hpa = plain(k8s['hpaSpec']);
  if (values['autoscaleEnabled'] === false || (k8s['replicaCount'] !== undefined && Object.keys(hpa).length === 0)) {
    return undefined;
  }
  return {
    min: Number(hpa['minReplicas'] ?? values['autoscaleMin'] ?? 1),
    max: Number(hpa['maxReplicas'] ?? values['autoscaleMax'] ?? 5),
    cpuPercent: 80,
  };
}
