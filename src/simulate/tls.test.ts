import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import { type Certificate, type FailureKind, type ProxySite, type Target, walk } from './index.ts';
import {
  edsCluster,
  endpointAt,
  endpointsOf,
  MUTUAL,
  mutualTo,
  TLS_INSPECTOR,
  tcpProxy,
  typed,
} from './testing/sample-resources.ts';
import { sampleSite } from './testing/sample-site.ts';
import { originateTls } from './upstream-tls.ts';

const SERVER = 'spiffe://cluster.local/ns/default/sa/server';
const CLIENT: Certificate = { uris: ['spiffe://cluster.local/ns/default/sa/client'], dnsNames: [] };

type Socket = ReturnType<typeof typed>;

/** How a call ends at a listener with this TLS, whose proxy passes it on to an application. */
function ends(
  socket: Socket | undefined,
  tls: { readonly certificate?: Certificate } | undefined,
): FailureKind | 'arrives' {
  const server = sampleSite({
    identity: SERVER,
    listeners: [
      {
        name: 'inbound',
        address: {
          address: {
            case: 'socketAddress',
            value: { address: '0.0.0.0', portSpecifier: { case: 'portValue', value: 80 } },
          },
        },
        listenerFilters: [TLS_INSPECTOR],
        filterChains: [{ filters: [tcpProxy('app')], ...(socket ? { transportSocket: socket } : {}) }],
      },
    ],
    clusters: [edsCluster('app')],
    endpoints: [endpointsOf('app', [endpointAt('127.0.0.1', 8080)])],
  });
  const app: Target = { kind: 'app', app: { address: '127.0.0.1', port: 8080, fields: {}, tls: false } };
  const found = walk({ proxy: () => server, connect: () => app }, 'server', {
    kind: 'tcp',
    via: { kind: 'direct' },
    destination: { address: '10.0.0.1', port: 80 },
    host: 'server',
    ...(tls ? { tls } : {}),
  });
  return found.paths[0]?.outcome.failure?.kind ?? 'arrives';
}

test('mutual TLS takes callers with a certificate only', () => {
  assert.equal(ends(MUTUAL, { certificate: CLIENT }), 'arrives');
  assert.equal(ends(MUTUAL, {}), 'certificate-required');
  assert.equal(ends(MUTUAL, undefined), 'tls-required');
});

test('plain TLS takes callers with and without a certificate', () => {
  const simple = typed('tls', DownstreamTlsContextSchema, {
    commonTlsContext: { tlsCertificateSdsSecretConfigs: [{ name: 'default' }] },
  });
  assert.equal(ends(simple, {}), 'arrives');
  assert.equal(ends(simple, { certificate: CLIENT }), 'arrives');
});

test('a listener that does not end TLS hands it on, and a plaintext application cannot read it', () => {
  assert.equal(ends(undefined, undefined), 'arrives');
  assert.equal(ends(undefined, { certificate: CLIENT }), 'protocol-error');
});

test('a listener may want certain names of its callers', () => {
  const matcher = { matchPattern: { case: 'prefix' as const, value: 'spiffe://cluster.local/ns/other/' } };
  const picky = typed('tls', DownstreamTlsContextSchema, {
    requireClientCertificate: true,
    commonTlsContext: {
      validationContextType: {
        case: 'validationContext',
        value: { matchTypedSubjectAltNames: [{ sanType: 3, matcher }] },
      },
    },
  });
  assert.equal(ends(picky, { certificate: CLIENT }), 'certificate-refused');
  const other: Certificate = { uris: ['spiffe://cluster.local/ns/other/sa/x'], dnsNames: [] };
  assert.equal(ends(picky, { certificate: other }), 'arrives');
});

const SITE: ProxySite = sampleSite({ identity: CLIENT.uris[0] ?? '', listeners: [] });

function offer(
  init: MessageInitShape<typeof ClusterSchema>,
  endpoint = endpointAt('10.0.0.2', 80),
): ReturnType<typeof originateTls> {
  const cluster = create(ClusterSchema, init);
  const [first] = endpointsOf('x', [endpoint]).endpoints[0]?.lbEndpoints ?? [];
  return originateTls(cluster, { endpoint: first, site: SITE, request: undefined, filterState: new Map() });
}

test('a client refuses a server with another identity than it was told of', () => {
  const sent = offer({ transportSocket: mutualTo(SERVER) });
  assert.deepEqual(sent?.certificate, CLIENT);
  assert.equal(sent?.refuses({ uris: [SERVER], dnsNames: [] }), undefined);
  assert.match(
    sent?.refuses({ uris: ['spiffe://cluster.local/ns/evil/sa/x'], dnsNames: [] }) ?? '',
    /must name one of/,
  );
});

test('the server name: of the endpoint where the cluster says so, else its own', () => {
  const own = typed('tls', UpstreamTlsContextSchema, { sni: 'own.example' });
  const ofHost = typed('tls', UpstreamTlsContextSchema, { sni: 'own.example', autoHostSni: true });
  const named = { hostIdentifier: { case: 'endpoint' as const, value: { hostname: 'pod.example' } } };
  assert.equal(offer({ transportSocket: own }, named)?.sni, 'own.example');
  assert.equal(offer({ transportSocket: ofHost }, named)?.sni, 'pod.example');
  assert.equal(offer({ transportSocket: ofHost })?.sni, 'own.example');
});

test('each endpoint is spoken to as its labels say', () => {
  const matches = [
    { name: 'mesh', match: { tlsMode: 'istio' }, transportSocket: mutualTo(SERVER) },
    { name: 'plain', match: {} },
  ];
  const inMesh = {
    ...endpointAt('10.0.0.2', 80),
    metadata: { filterMetadata: { 'envoy.transport_socket_match': { tlsMode: 'istio' } } },
  };
  assert.ok(offer({ transportSocketMatches: matches }, inMesh));
  assert.equal(offer({ transportSocketMatches: matches }), undefined);
});
