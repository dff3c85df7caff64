import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterId } from '../model/index.ts';
import { parseManifest } from '../sources/index.ts';
import { parseObject } from './index.ts';

const API_VERSIONS: Readonly<Record<string, string>> = {
  AuthorizationPolicy: 'security.istio.io/v1',
  Deployment: 'apps/v1',
  EnvoyFilter: 'networking.istio.io/v1alpha3',
  PeerAuthentication: 'security.istio.io/v1',
  RequestAuthentication: 'security.istio.io/v1',
  Service: 'v1',
  Telemetry: 'telemetry.istio.io/v1',
  WasmPlugin: 'extensions.istio.io/v1alpha1',
};

/** Kind, spec in YAML flow style, and the codes that are to be said (none: accepted without a word). */
type Case = readonly [kind: string, spec: string, ...codes: readonly string[]];

function check(cases: readonly Case[]): void {
  for (const [kind, spec, ...codes] of cases) {
    const apiVersion = API_VERSIONS[kind] ?? 'networking.istio.io/v1';
    const text = `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: a}, spec: ${spec}}`;
    const { documents, diagnostics } = parseManifest({ cluster: 'c1' as ClusterId, file: 'a.yaml', text });
    assert.deepEqual(diagnostics, [], text);
    const [raw] = documents.flatMap((document) => document.objects);
    assert.ok(raw);
    assert.deepEqual(
      parseObject(raw).diagnostics.map(({ code }) => code),
      codes,
      text,
    );
  }
}

const TO_A = 'route: [{destination: {host: a}}]';

test('VirtualService', () => {
  check([
    ['VirtualService', `{hosts: ["*"], http: [{${TO_A}}]}`, 'PEL3001'],
    ['VirtualService', `{hosts: ["*"], gateways: [edge], http: [{${TO_A}}]}`],
    ['VirtualService', `{hosts: [a.b, "*.b"], http: [{${TO_A}}]}`, 'PEL3002'],
    ['VirtualService', '{hosts: [a]}', 'PEL3005'],
    ['VirtualService', `{gateways: [edge], http: [{${TO_A}}]}`, 'PEL3004'],
    ['VirtualService', '{hosts: [a], http: [{delegate: {name: b}}]}'],
    ['VirtualService', `{hosts: [a], http: [{redirect: {uri: /b}, ${TO_A}}]}`, 'PEL3004'],
    ['VirtualService', '{hosts: [a], http: [{redirect: {redirectCode: 200, uri: /b}}]}', 'PEL3010'],
    ['VirtualService', '{hosts: [a], http: [{directResponse: {status: 42}}]}', 'PEL3010'],
    ['VirtualService', '{hosts: [a], http: [{route: [{destination: {host: "*"}}]}]}', 'PEL3001'],
    ['VirtualService', '{hosts: [a], http: [{route: [{destination: {host: a, port: {number: 0}}}]}]}', 'PEL3003'],
    ['VirtualService', `{hosts: [a], http: [{match: [{uri: {regex: "["}}], ${TO_A}}]}`, 'PEL3012'],
    ['VirtualService', `{hosts: [a], http: [{match: [{headers: {"x y": {exact: b}}}], ${TO_A}}]}`, 'PEL3008'],
    ['VirtualService', `{hosts: [a], http: [{match: [{method: {prefix: ""}}], ${TO_A}}]}`, 'PEL3011'],
    ['VirtualService', `{hosts: [a], http: [{retries: {attempts: 0, retryOn: 5xx}, ${TO_A}}]}`, 'PEL3004'],
    ['VirtualService', `{hosts: [a], http: [{retries: {attempts: 2, retryOn: "5xx,sometimes"}, ${TO_A}}]}`, 'PEL3011'],
    ['VirtualService', `{hosts: [a], http: [{retries: {attempts: 2, retryOn: "5xx,503"}, ${TO_A}}]}`],
    ['VirtualService', `{hosts: [a], http: [{fault: {}, ${TO_A}}]}`, 'PEL3005'],
    ['VirtualService', `{hosts: [a], http: [{fault: {abort: {grpcStatus: BAD}}, ${TO_A}}]}`, 'PEL3011'],
    [
      'VirtualService',
      `{hosts: [a], http: [{fault: {delay: {fixedDelay: 1s, percentage: {value: 101}}}, ${TO_A}}]}`,
      'PEL3010',
    ],
    [
      'VirtualService',
      `{hosts: [a], http: [{rewrite: {authority: b}, headers: {request: {set: {host: c}}}, ${TO_A}}]}`,
      'PEL3004',
    ],
    ['VirtualService', `{hosts: [a], http: [{headers: {response: {remove: [":status"]}}, ${TO_A}}]}`, 'PEL3008'],
    ['VirtualService', `{hosts: [a], http: [{corsPolicy: {allowMethods: [LOOK]}, ${TO_A}}]}`, 'PEL3011'],
    ['VirtualService', `{hosts: [a], http: [{${TO_A}}, {match: [{uri: {prefix: /}}], ${TO_A}}]}`, 'PEL3015'],
    ['VirtualService', `{hosts: [a.b], tls: [{match: [{sniHosts: [c.d]}], ${TO_A}}]}`, 'PEL3011'],
    ['VirtualService', `{hosts: [a.b], tcp: [{match: [{destinationSubnets: [x]}], ${TO_A}}]}`, 'PEL3006'],
  ]);
});

test('DestinationRule', () => {
  check([
    ['DestinationRule', '{host: "a b"}', 'PEL3001'],
    ['DestinationRule', '{host: a, trafficPolicy: {}}', 'PEL3028'],
    ['DestinationRule', '{host: a, subsets: [{name: "v 1"}]}', 'PEL3011'],
    ['DestinationRule', '{host: a, subsets: [{name: v1, labels: {version: "~"}}]}', 'PEL3007'],
    ['DestinationRule', '{host: a, trafficPolicy: {tls: {mode: MUTUAL}}}', 'PEL3018', 'PEL3018'],
    ['DestinationRule', '{host: a, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}'],
    ['DestinationRule', '{host: a, trafficPolicy: {connectionPool: {tcp: {idleTimeout: 0s}}}}'],
    ['DestinationRule', '{host: a, trafficPolicy: {connectionPool: {tcp: {maxConnections: -1}}}}', 'PEL3010'],
    ['DestinationRule', '{host: a, trafficPolicy: {outlierDetection: {maxEjectionPercent: 101}}}', 'PEL3010'],
    [
      'DestinationRule',
      '{host: a, trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 10}}}}}',
      'PEL3010',
    ],
    [
      'DestinationRule',
      '{host: a, trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: a/*, to: {a/*: 50}}]}}}}',
      'PEL3029',
    ],
    [
      'DestinationRule',
      '{host: a, trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: a, to: {a/*: 50, a/b: 50}}]}}}}',
      'PEL3029',
    ],
    [
      'DestinationRule',
      '{host: a, trafficPolicy: {loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}]}}}}',
      'PEL3017',
    ],
    ['DestinationRule', '{host: a, trafficPolicy: {portLevelSettings: [{port: {number: 80}}]}}', 'PEL3028'],
    ['DestinationRule', '{host: a, workloadSelector: {matchLabels: {app: b}}, exportTo: ["*"]}', 'PEL3024'],
  ]);
});

test('ServiceEntry and WorkloadEntry', () => {
  const PORTS = 'ports: [{number: 80, name: http, protocol: HTTP}]';
  check([
    ['ServiceEntry', `{hosts: [a.b], ${PORTS}, resolution: DNS}`],
    ['ServiceEntry', `{hosts: [a.b], ports: [{number: 80, name: http, protocol: HTTQ}], resolution: DNS}`, 'PEL3025'],
    ['ServiceEntry', `{hosts: [a.b], ${PORTS}, addresses: [10.0.0.300]}`, 'PEL3006'],
    ['ServiceEntry', `{hosts: [a.b], ${PORTS}, addresses: [10.0.0.0/8], resolution: STATIC}`],
    ['ServiceEntry', `{hosts: [a.b], ${PORTS}, resolution: STATIC, endpoints: [{address: a.b}]}`, 'PEL3006'],
    [
      'ServiceEntry',
      `{hosts: [a.b], ${PORTS}, resolution: DNS, endpoints: [{address: c.d, ports: {tcp: 80}}]}`,
      'PEL3003',
    ],
    [
      'ServiceEntry',
      `{hosts: [a.b, c.d], ports: [{number: 1, name: tcp, protocol: TCP}], resolution: STATIC}`,
      'PEL3004',
    ],
    ['ServiceEntry', `{hosts: ["*.a.b"], ${PORTS}, resolution: DYNAMIC_DNS}`],
    ['ServiceEntry', `{hosts: [a.b], ${PORTS}, exportTo: ["~", x]}`, 'PEL3024'],
    ['ServiceEntry', '{hosts: [a.b], ports: [{number: 5432, name: tcp}]}', 'PEL3017'],
    ['WorkloadEntry', '{address: 10.0.0.1, ports: {http: 80}}'],
    ['WorkloadEntry', '{address: "10.0.0.1 "}', 'PEL3006'],
    ['WorkloadEntry', '{network: n}', 'PEL3017'],
  ]);
});

test('Gateway and Sidecar', () => {
  const server = (port: string, rest = ''): string =>
    `{servers: [{port: {number: 443, name: a, ${port}}, hosts: ["*"]${rest}}]}`;
  check([
    ['Gateway', '{}', 'PEL3005'],
    ['Gateway', server('protocol: HTTP')],
    ['Gateway', server('protocol: HTTPS', ', tls: {mode: SIMPLE, credentialName: c}')],
    ['Gateway', server('protocol: TLS', ', tls: {mode: AUTO_PASSTHROUGH}')],
    ['Gateway', server('protocol: HTTPS', ', tls: {mode: MUTUAL, serverCertificate: c, privateKey: k}'), 'PEL3018'],
    ['Gateway', server('protocol: HTTP', ', tls: {httpsRedirect: true}')],
    ['Gateway', server('protocol: TCP', ', tls: {mode: PASSTHROUGH}'), 'PEL3018'],
    ['Gateway', server('protocol: HTTP', ', bind: nowhere'), 'PEL3006'],
    ['Sidecar', '{egress: [{hosts: ["./*", "istio-system/*"]}]}'],
    ['Sidecar', '{egress: [{hosts: [reviews]}]}', 'PEL3001'],
    ['Sidecar', '{egress: [{hosts: ["./*"]}, {hosts: ["*/*"]}]}', 'PEL3004'],
    [
      'Sidecar',
      '{ingress: [{port: {number: 80, protocol: HTTP, name: http}, defaultEndpoint: "10.0.0.1:80"}]}',
      'PEL3006',
    ],
    ['Sidecar', '{outboundTrafficPolicy: {mode: REGISTRY_ONLY}}'],
  ]);
});

test('security policies', () => {
  check([
    ['PeerAuthentication', '{portLevelMtls: {80: {mode: STRICT}}}', 'PEL2009'],
    ['AuthorizationPolicy', '{}'],
    ['AuthorizationPolicy', '{action: DENY}', 'PEL3005'],
    ['AuthorizationPolicy', '{action: DENY, rules: [{}]}'],
    ['AuthorizationPolicy', '{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}', 'PEL3022'],
    ['AuthorizationPolicy', '{action: CUSTOM, rules: [{}]}', 'PEL3005'],
    ['AuthorizationPolicy', '{rules: [{from: []}]}', 'PEL3028'],
    ['AuthorizationPolicy', '{rules: [{from: [{source: {}}]}]}', 'PEL3028'],
    ['AuthorizationPolicy', '{rules: [{from: [{source: {ipBlocks: [x]}}]}]}', 'PEL3020'],
    ['AuthorizationPolicy', '{rules: [{to: [{operation: {ports: ["70000"]}}]}]}', 'PEL3020'],
    ['AuthorizationPolicy', '{rules: [{to: [{operation: {paths: ["/a/{*}/b/{**}"]}}]}]}'],
    ['AuthorizationPolicy', '{rules: [{to: [{operation: {paths: ["/a/{*}/b/*"]}}]}]}', 'PEL3020'],
    ['AuthorizationPolicy', '{rules: [{from: [{source: {serviceAccounts: ["shop/*"]}}]}]}', 'PEL3020'],
    ['AuthorizationPolicy', '{rules: [{when: [{key: request.colour, values: [red]}]}]}', 'PEL3020'],
    ['AuthorizationPolicy', '{targetRef: {kind: Deployment, name: a, group: apps}}', 'PEL3019'],
    ['RequestAuthentication', '{jwtRules: [{issuer: a, jwksUri: "https://a/keys"}]}'],
    ['RequestAuthentication', '{jwtRules: [{issuer: a, jwks: "not json"}]}', 'PEL3021'],
    [
      'RequestAuthentication',
      `{jwtRules: [{issuer: a, jwks: '{"keys":[{"kty":"RSA","n":"x","e":"AQAB","d":"x"}]}'}]}`,
      'PEL3022',
    ],
  ]);
});

test('extensions', () => {
  check([
    ['EnvoyFilter', '{configPatches: [{applyTo: CLUSTER, patch: {operation: MERGE}}]}', 'PEL3027'],
    [
      'EnvoyFilter',
      '{configPatches: [{applyTo: CLUSTER, match: {listener: {}}, patch: {operation: REMOVE}}]}',
      'PEL3027',
    ],
    [
      'EnvoyFilter',
      '{configPatches: [{applyTo: CLUSTER, match: {cluster: {service: a}}, patch: {operation: MERGE, value: {a: 1}}}]}',
    ],
    ['Telemetry', '{accessLogging: [{filter: {expression: "response.code >= 400"}}]}'],
    ['Telemetry', '{accessLogging: [{filter: {expression: "response.code >= "}}]}', 'PEL3011'],
    ['Telemetry', '{tracing: [{customTags: {a: {}}}]}', 'PEL3005'],
    ['WasmPlugin', '{url: "ftp://a/b"}', 'PEL2009'],
    ['WasmPlugin', '{url: "oci://a/b"}'],
  ]);
});

test('Kubernetes', () => {
  const deployment = (label: string): string =>
    `{selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: ${label}}}, spec: {containers: [{name: c}]}}}`;
  check([
    ['Service', '{ports: [{port: 80}, {port: 81}]}', 'PEL3005', 'PEL3005'],
    ['Service', '{ports: [{port: 80, name: a}, {port: 80, name: b}]}', 'PEL3002'],
    ['Service', '{ports: [{port: 53, name: a}, {port: 53, name: b, protocol: UDP}]}'],
    ['Service', '{type: ExternalName}', 'PEL3005'],
    ['Service', '{ports: [{port: 70000}]}', 'PEL2006'],
    ['Deployment', deployment('a')],
    ['Deployment', deployment('b'), 'PEL3007'],
  ]);
});
