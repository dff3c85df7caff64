import { eastWestText, istioText, podText, serviceText } from './manifests.ts';

/** What every random mesh has: proxies, and the way into the first cluster's network. */
export const BASE: Readonly<Record<'cluster1' | 'cluster2', string>> = {
  cluster1:
    podText({ name: 'client', labels: { app: 'client' } }) +
    podText({ name: 'twin', labels: { app: 'client' } }) +
    podText({ name: 'shopper', namespace: 'shop', labels: { app: 'shopper' } }) +
    podText({ name: 'ingress', namespace: 'istio-system', labels: { istio: 'ingressgateway' } }) +
    eastWestText('cluster1', '1.1.1.1'),
  cluster2: '',
};
/** The proxies of {@link BASE} in cluster1, with their kind. */
export const PROXIES: readonly string[] = [
  'sidecar default/client',
  'sidecar default/twin',
  'sidecar shop/shopper',
  'redirected default/client',
  'redirected default/twin',
  'redirected shop/shopper',
  'gateway istio-system/ingress',
  'gateway istio-system/eastwest',
];
/** What workloads call. */
export const HOSTS: readonly string[] = [
  'reviews',
  'reviews.default',
  'reviews.cluster2',
  'reviews.default.cluster2',
  'a.reviews.default.cluster2',
  'ratings.shop',
  'service.global',
  'pay.internal',
  'www.outside.com',
  'alias',
  'reviews:80',
  'db.default:5432',
  'reviews.default.svc.clusterset.local',
];

/** Addresses that workloads call: pods, cluster IPs, and ones outside. */
export const ADDRESSES: readonly string[] = [
  '10.1.0.1:8080',
  '10.1.0.3:5432',
  '10.2.0.1:8080',
  '10.96.0.1:80',
  '10.96.0.2:5432',
  '240.0.0.9:80',
  '10.9.0.1:80',
  '[2001:db8::1]:80',
];

const entry = (name: string, spec: string): string =>
  istioText('ServiceEntry', name, `{ports: [{number: 80, name: http, protocol: HTTP}], ${spec}}`);

/** Every manifest is one that somebody could apply; of one name there may be several versions. */
export const VOCABULARY: readonly (readonly [cluster: 'cluster1' | 'cluster2', text: string])[] = [
  [
    'cluster1',
    serviceText({ name: 'reviews', pods: { a1: '10.1.0.1' }, labels: { version: 'v1' }, clusterIp: '10.96.0.1' }),
  ],
  [
    'cluster1',
    serviceText({
      name: 'reviews',
      pods: { a1: '10.1.0.1', a2: '10.1.0.2' },
      labels: { version: 'v2' },
      portName: 'grpc',
    }),
  ],
  [
    'cluster1',
    serviceText({ name: 'db', pods: { db1: '10.1.0.3' }, port: 5432, portName: 'tcp-pg', clusterIp: '10.96.0.2' }),
  ],
  ['cluster1', serviceText({ name: 'ratings', namespace: 'shop', pods: { s1: '10.1.0.4' }, exportTo: 'shop' })],
  ['cluster2', serviceText({ name: 'reviews', pods: { a: '10.2.0.1', b: '10.2.0.2' }, headless: true })],
  ['cluster2', serviceText({ name: 'ratings', namespace: 'shop', pods: { s2: '10.2.0.4' } })],
  ['cluster2', eastWestText('cluster2', '2.2.2.2')],
  [
    'cluster2',
    '---\n{apiVersion: multicluster.x-k8s.io/v1alpha1, kind: ServiceExport, metadata: {name: reviews, namespace: default}}\n',
  ],
  [
    'cluster1',
    '---\n{apiVersion: v1, kind: Service, metadata: {name: alias, namespace: default}, spec: {type: ExternalName, externalName: reviews.default.svc.cluster.local}}\n',
  ],
  [
    'cluster1',
    '---\n{apiVersion: v1, kind: Service, metadata: {name: alias, namespace: default}, spec: {type: ExternalName, externalName: alias.default.svc.cluster.local}}\n',
  ],
  ['cluster1', entry('imports', 'hosts: ["*.cluster2"], location: MESH_INTERNAL, resolution: DNS')],
  [
    'cluster1',
    entry(
      'pay',
      'hosts: [pay.internal], location: MESH_INTERNAL, resolution: STATIC, workloadSelector: {labels: {app: reviews}}',
    ),
  ],
  [
    'cluster1',
    entry('pay', 'hosts: [pay.internal], resolution: DNS_ROUND_ROBIN, endpoints: [{address: pay.corp.net}]'),
  ],
  ['cluster1', entry('pay', 'hosts: ["*.internal"], resolution: NONE')],
  [
    'cluster1',
    istioText(
      'VirtualService',
      'global',
      '{hosts: [service.global], http: [{route: [{destination: {host: reviews}, weight: 70}, {destination: {host: reviews.cluster2}, weight: 30}]}]}',
    ),
  ],
  [
    'cluster1',
    istioText(
      'VirtualService',
      'reviews',
      '{hosts: [reviews], http: [{match: [{uri: {prefix: /a}}], route: [{destination: {host: reviews, subset: v1}}], mirror: {host: ratings.shop.svc.cluster.local}}, {fault: {abort: {httpStatus: 418}}, route: [{destination: {host: nobody}}]}]}',
    ),
  ],
  [
    'cluster1',
    istioText(
      'VirtualService',
      'reviews',
      '{hosts: [reviews, "*.cluster2"], exportTo: ["."], http: [{route: [{destination: {host: reviews.cluster2}}]}]}',
    ),
  ],
  [
    'cluster1',
    istioText(
      'VirtualService',
      'edge',
      '{hosts: ["*.shop.com"], gateways: [istio-system/web], http: [{route: [{destination: {host: reviews}}]}], tls: [{match: [{sniHosts: [db.shop.com]}], route: [{destination: {host: db}}]}], tcp: [{route: [{destination: {host: db}}]}]}',
    ),
  ],
  [
    'cluster1',
    istioText(
      'Gateway',
      'web',
      '{selector: {istio: ingressgateway}, servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"], tls: {httpsRedirect: true}}, {port: {number: 8443, name: https, protocol: HTTPS}, hosts: [www.shop.com], tls: {mode: SIMPLE, credentialName: cert}}, {port: {number: 8443, name: tls, protocol: TLS}, hosts: [db.shop.com], tls: {mode: PASSTHROUGH}}, {port: {number: 9000, name: tcp, protocol: TCP}, hosts: ["*"]}]}',
      'istio-system',
    ),
  ],
  [
    'cluster1',
    istioText(
      'Gateway',
      'web',
      '{selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["default/*.shop.com"]}]}',
      'istio-system',
    ),
  ],
  [
    'cluster1',
    istioText(
      'VirtualService',
      'streams',
      '{hosts: [db, pay.internal], tcp: [{match: [{port: 5432}], route: [{destination: {host: db}, weight: 1}, {destination: {host: reviews}, weight: 2}]}], tls: [{match: [{port: 443, sniHosts: [pay.internal]}], route: [{destination: {host: db}}]}]}',
    ),
  ],
  [
    'cluster1',
    istioText(
      'ServiceEntry',
      'tls',
      '{hosts: [api.outside.com, "*.wide.com", pay.internal], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}, {number: 5432, name: http, protocol: HTTP}]}',
    ),
  ],
  [
    'cluster1',
    istioText(
      'Sidecar',
      'own',
      '{workloadSelector: {labels: {app: client}}, ingress: [{port: {number: 9000, protocol: HTTP, name: http}, defaultEndpoint: 127.0.0.1:9001}]}',
    ),
  ],
  [
    'cluster1',
    istioText(
      'DestinationRule',
      'reviews',
      '{host: reviews, trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: c, ttl: 0s}}}}, subsets: [{name: v1, labels: {version: v1}}]}',
    ),
  ],
  [
    'cluster1',
    istioText(
      'DestinationRule',
      'reviews',
      '{host: "*.cluster2", trafficPolicy: {loadBalancer: {localityLbSetting: {enabled: false}}, tls: {mode: ISTIO_MUTUAL}}}',
    ),
  ],
  [
    'cluster1',
    istioText(
      'Sidecar',
      'default',
      '{egress: [{hosts: ["./*", "~/x"]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}',
    ),
  ],
  [
    'cluster1',
    istioText(
      'Sidecar',
      'default',
      '{workloadSelector: {labels: {app: shopper}}, egress: [{hosts: ["shop/*"]}]}',
      'shop',
    ),
  ],
  ['cluster1', istioText('PeerAuthentication', 'default', '{mtls: {mode: STRICT}}', 'istio-system')],
  ['cluster1', istioText('AuthorizationPolicy', 'all', '{}')],
  [
    'cluster1',
    istioText(
      'AuthorizationPolicy',
      'all',
      '{action: DENY, rules: [{from: [{source: {notPrincipals: ["*/sa/reviews"], namespaces: [shop]}}], to: [{operation: {paths: ["/a/{*}/b"], notMethods: [GET]}}], when: [{key: source.ip, values: [10.0.0.0/8]}]}]}',
      'istio-system',
    ),
  ],
];
