/** A running control plane with a proxy on a real stream: what the proxy is told when the mesh changes. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { ChannelCredentials } from '@grpc/grpc-js';
import { pino } from 'pino';
import { HealthStatus } from '../envoy/gen/envoy/config/core/v3/health_check_pb.ts';
import { ClusterLoadAssignmentSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { TYPE_URL } from '../envoy/index.ts';
import { type ClusterId, DEFAULT_MESH_CONFIG } from '../model/index.ts';
import { CertificateAuthority, KeyTokenReviewer, TokenIssuer, TrustBundle } from '../security/index.ts';
import { MemorySource } from '../sources/index.ts';
import { istioText, podText, serviceText } from '../translate/testing/manifests.ts';
import { objectsOf } from '../translate/testing/paper-mesh.ts';
import { GrpcDeltaClient, type ReadResponse } from '../xds/testing/grpc-delta-client.ts';
import { ControlPlane } from './control-plane.ts';

const CLUSTER = 'cluster1' as ClusterId;
const REVIEWS = 'outbound|80||reviews.default.svc.cluster.local';
const now = (): number => Date.now();
const context = { trustDomain: 'cluster.local', now };
const closers: (() => void | Promise<void>)[] = [];

after(async () => {
  for (const close of closers.reverse()) await close();
});

interface Running {
  readonly plane: ControlPlane;
  readonly source: MemorySource;
  connect(namespace: string, pod: string, serviceAccount: string): Promise<Stream>;
  remove(text: string): void;
}

async function start(text: string): Promise<Running> {
  const ca = CertificateAuthority.createRoot(CLUSTER, context);
  const trust = new TrustBundle(context);
  trust.set(CLUSTER, [ca.root.pem]);
  const issuer = TokenIssuer.create({ issuer: CLUSTER, now });
  const tokens = new KeyTokenReviewer({
    cluster: CLUSTER,
    issuer: CLUSTER,
    audience: 'istio-ca',
    keys: () => [issuer.publicKey],
    now,
  });
  const source = new MemorySource(CLUSTER);
  assert.deepEqual(source.apply(text), []);
  const plane = new ControlPlane({
    cluster: CLUSTER,
    members: [{ id: CLUSTER, network: '', source, config: true, tokens }],
    listen: { address: '127.0.0.1', port: 0 },
    ca,
    trust,
    meshConfig: DEFAULT_MESH_CONFIG,
    now,
    log: pino({ level: 'silent' }),
  });
  await plane.start();
  closers.push(() => plane.stop());
  return {
    plane,
    source,
    remove: (manifest) => source.delete(...objectsOf(CLUSTER, manifest).map(({ ref }) => ref)),
    connect: async (namespace, pod, serviceAccount) => {
      const subject = { namespace, serviceAccount: { name: serviceAccount, uid: 'u' }, pod: { name: pod, uid: 'u' } };
      const token = await issuer.issue(subject, { audiences: ['istio-ca'], ttlMs: 600_000 });
      const credentials = ChannelCredentials.createSsl(Buffer.from(ca.root.pem), null, null, {
        checkServerIdentity: () => undefined,
      });
      const client = new GrpcDeltaClient(`127.0.0.1:${plane.address.port}`, credentials, { token });
      closers.push(() => client.close());
      return new Stream(client, pod === 'ingress' ? 'router' : 'sidecar');
    },
  };
}

/** A proxy that takes whatever it is sent. */
class Stream {
  private readonly client: GrpcDeltaClient;
  private readonly kind: string;
  private hello = true;

  constructor(client: GrpcDeltaClient, kind: string) {
    this.client = client;
    this.kind = kind;
  }

  ask(typeUrl: string, ...names: readonly string[]): void {
    const socket = (port: number): object => ({ address: '127.0.0.1', port });
    const interception = {
      kind: 'ports',
      httpProxy: socket(15001),
      inbound: [{ port: 8080, bind: socket(8080), app: socket(9090) }],
    };
    const metadata = { CLUSTER_ID: CLUSTER, PELAGOS_INTERCEPTION: interception };
    const node = { id: `${this.kind}~1.2.3.4~x~y`, cluster: 'x', metadata };
    this.client.send({ ...(this.hello ? { node } : {}), typeUrl, resourceNamesSubscribe: [...names] } as never);
    this.hello = false;
  }

  /** Resolves when all these names have been taken back, in whatever order. */
  async loses(...names: readonly string[]): Promise<void> {
    const left = new Set(names);
    while (left.size > 0) {
      const response = await this.client.next();
      this.client.send({ typeUrl: response.typeUrl, responseNonce: response.nonce });
      for (const name of response.removed) left.delete(name);
    }
  }

  /** The next response of a type; those of other types are taken on the way. */
  async next(typeUrl: string): Promise<ReadResponse> {
    for (;;) {
      const response = await this.client.next();
      this.client.send({ typeUrl: response.typeUrl, responseNonce: response.nonce });
      if (response.typeUrl === typeUrl) return response;
    }
  }
}

const CLIENT = podText({ name: 'client', labels: { app: 'client' } });

describe('a connected sidecar', () => {
  test('is told when the endpoints change, and when a service goes', async () => {
    const service = serviceText({ name: 'reviews', pods: { a: '10.1.0.1' } });
    const { source, connect, remove } = await start(CLIENT + service);
    const stream = await connect('default', 'client', 'client');
    stream.ask(TYPE_URL.CDS, REVIEWS);
    assert.deepEqual((await stream.next(TYPE_URL.CDS)).names, [REVIEWS]);
    stream.ask(TYPE_URL.EDS, REVIEWS);
    assert.deepEqual((await stream.next(TYPE_URL.EDS)).names, [REVIEWS]);
    stream.ask(TYPE_URL.VHDS, 'http_proxy/reviews');
    assert.deepEqual((await stream.next(TYPE_URL.VHDS)).names, ['http_proxy/reviews']);
    source.apply(serviceText({ name: 'reviews', pods: { a: '10.1.0.1', b: '10.1.0.2' } }));
    assert.deepEqual((await stream.next(TYPE_URL.EDS)).names, [REVIEWS]);
    remove(service);
    await stream.loses('http_proxy/reviews', REVIEWS);
  });

  test('is seen with its new labels when its pod gets others', async () => {
    const strict = istioText(
      'PeerAuthentication',
      'strict',
      '{selector: {matchLabels: {app: locked}}, mtls: {mode: STRICT}}',
    );
    const { source, connect } = await start(CLIENT + strict);
    const stream = await connect('default', 'client', 'client');
    stream.ask(TYPE_URL.LDS);
    assert.ok((await stream.next(TYPE_URL.LDS)).names.includes('127.0.0.1_8080'));
    source.apply(
      podText({ name: 'client', labels: { app: 'locked' } }).replace(
        'serviceAccountName: locked',
        'serviceAccountName: client',
      ),
    );
    assert.deepEqual((await stream.next(TYPE_URL.LDS)).names, ['127.0.0.1_8080']);
  });

  test('loses its stream when its pod goes, or runs under another account', async () => {
    const { source, connect, remove } = await start(CLIENT + podText({ name: 'other', labels: { app: 'other' } }));
    const [gone, changed] = [await connect('default', 'client', 'client'), await connect('default', 'other', 'other')];
    for (const stream of [gone, changed]) {
      stream.ask(TYPE_URL.LDS);
      await stream.next(TYPE_URL.LDS);
    }
    remove(CLIENT);
    await assert.rejects(gone.next(TYPE_URL.LDS), /pod default\/client is gone/);
    source.apply(podText({ name: 'other', labels: { app: 'new' } }));
    await assert.rejects(changed.next(TYPE_URL.LDS), /pod default\/other is gone/);
  });

  test('is let in only as the very pod that its token is bound to, not as one that had its name before', async () => {
    const { source, connect } = await start(CLIENT);
    const withUid = (uid: string): void =>
      source.set(...objectsOf(CLUSTER, CLIENT).map((object) => ({ ...object, meta: { ...object.meta, uid } })));
    // The tokens here are bound to the uid `u`.
    withUid('u');
    const same = await connect('default', 'client', 'client');
    same.ask(TYPE_URL.LDS);
    await same.next(TYPE_URL.LDS);
    withUid('later');
    await assert.rejects(same.next(TYPE_URL.LDS), /pod default\/client is gone/);
    const late = await connect('default', 'client', 'client');
    late.ask(TYPE_URL.LDS);
    await assert.rejects(late.next(TYPE_URL.LDS), /not known in cluster cluster1/);
  });

  test("is not let in under an account that is not its pod's", async () => {
    const { connect } = await start(CLIENT);
    const stream = await connect('default', 'client', 'admin');
    stream.ask(TYPE_URL.LDS);
    await assert.rejects(stream.next(TYPE_URL.LDS), /service account admin is not known/);
  });
});

describe('a member cluster', () => {
  const CLUSTER2 = 'cluster2' as ClusterId;
  const member = (text: string): { readonly id: ClusterId; network: ''; source: MemorySource; config: boolean } => {
    const source = new MemorySource(CLUSTER2);
    assert.deepEqual(source.apply(text), []);
    return { id: CLUSTER2, network: '', source, config: false };
  };

  test('brings its endpoints while it runs; they come last when it is out of reach, and go with it', async () => {
    const { plane, connect } = await start(CLIENT + serviceText({ name: 'reviews', pods: { a: '10.1.0.1' } }));
    const stream = await connect('default', 'client', 'client');
    stream.ask(TYPE_URL.CDS, REVIEWS);
    stream.ask(TYPE_URL.EDS, REVIEWS);
    const healths = async (): Promise<unknown> => (await stream.next(TYPE_URL.EDS)).resources.flatMap(healthOf);
    assert.deepEqual(await healths(), ['10.1.0.1']);
    await plane.addMember(member(serviceText({ name: 'reviews', pods: { b: '10.2.0.1' } })));
    assert.deepEqual(await healths(), ['10.1.0.1', '10.2.0.1']);
    plane.markMember(CLUSTER2, 'stale');
    assert.deepEqual(await healths(), ['10.1.0.1', '10.2.0.1 degraded']);
    plane.markMember(CLUSTER2, 'lost');
    assert.deepEqual(await healths(), ['10.1.0.1']);
    plane.markMember(CLUSTER2, 'live');
    assert.deepEqual(await healths(), ['10.1.0.1', '10.2.0.1']);
    await plane.removeMember(CLUSTER2);
    assert.deepEqual(await healths(), ['10.1.0.1']);
  });

  test('keeps its endpoints while its source is replaced, less those that the new one has not', async () => {
    const { plane, connect } = await start(CLIENT);
    await plane.addMember(member(serviceText({ name: 'reviews', pods: { a: '10.2.0.1', b: '10.2.0.2' } })));
    const stream = await connect('default', 'client', 'client');
    stream.ask(TYPE_URL.CDS, REVIEWS);
    await stream.next(TYPE_URL.CDS);
    stream.ask(TYPE_URL.EDS, REVIEWS);
    await stream.next(TYPE_URL.EDS);
    await plane.replaceMember(member(serviceText({ name: 'reviews', pods: { b: '10.2.0.2' } })));
    const { resources } = await stream.next(TYPE_URL.EDS);
    assert.deepEqual(resources.flatMap(healthOf), ['10.2.0.2']);
  });

  test('is as stale as it was while its source is replaced: that says nothing of whether it can be asked', async () => {
    const { plane, connect } = await start(CLIENT);
    await plane.addMember(member(serviceText({ name: 'reviews', pods: { a: '10.2.0.1' } })));
    plane.markMember(CLUSTER2, 'stale');
    await plane.replaceMember(member(serviceText({ name: 'reviews', pods: { a: '10.2.0.1' } })));
    const stream = await connect('default', 'client', 'client');
    stream.ask(TYPE_URL.CDS, REVIEWS);
    await stream.next(TYPE_URL.CDS);
    stream.ask(TYPE_URL.EDS, REVIEWS);
    const { resources } = await stream.next(TYPE_URL.EDS);
    assert.deepEqual(resources.flatMap(healthOf), ['10.2.0.1 degraded']);
  });
});

/** Every endpoint of an EDS answer with its health. */
function healthOf({ bytes }: ReadResponse['resources'][number]): readonly string[] {
  return fromBinary(ClusterLoadAssignmentSchema, bytes).endpoints.flatMap(({ lbEndpoints }) =>
    lbEndpoints.map(({ hostIdentifier, healthStatus }) => {
      const address = hostIdentifier.case === 'endpoint' ? hostIdentifier.value.address?.address : undefined;
      const is = healthStatus === HealthStatus.DEGRADED ? ' degraded' : '';
      return `${address?.case === 'socketAddress' ? address.value.address : '?'}${is}`;
    }),
  );
}

describe('Secrets', () => {
  const secret = (name: string, more = ''): string => `---
{apiVersion: v1, kind: Secret, metadata: {name: ${name}, namespace: istio-system}, stringData: {tls.crt: CERT${more}, tls.key: KEY}}
`;
  const text =
    podText({ name: 'ingress', namespace: 'istio-system', labels: { istio: 'ingress' } }) +
    istioText(
      'Gateway',
      'web',
      '{selector: {istio: ingress}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.com], tls: {mode: SIMPLE, credentialName: web}}]}',
    ) +
    secret('web') +
    secret('other');

  test('a gateway is given those that its Gateways name, and what they become; no others', async () => {
    const { source, connect } = await start(text);
    const stream = await connect('istio-system', 'ingress', 'default');
    stream.ask(TYPE_URL.SDS, 'kubernetes://web', 'kubernetes://other', 'default');
    const first = await stream.next(TYPE_URL.SDS);
    assert.deepEqual([...first.names].sort(), ['default', 'kubernetes://web']);
    source.apply(secret('web', '2'));
    assert.deepEqual((await stream.next(TYPE_URL.SDS)).names, ['kubernetes://web']);
  });

  test('a sidecar is given none', async () => {
    const { connect } = await start(
      text + podText({ name: 'app', namespace: 'istio-system', labels: { istio: 'ingress' } }),
    );
    const stream = await connect('istio-system', 'app', 'default');
    stream.ask(TYPE_URL.SDS, 'kubernetes://web', 'ROOTCA');
    assert.deepEqual((await stream.next(TYPE_URL.SDS)).names, ['ROOTCA']);
  });
});

test('diagnostics tell of objects that lead nowhere, until they do', async () => {
  const rule = istioText(
    'VirtualService',
    'x',
    '{hosts: [a.global], http: [{route: [{destination: {host: reviews}}]}]}',
  );
  const { plane, source } = await start(rule);
  assert.deepEqual(
    plane.diagnostics().map(({ code }) => code),
    ['PEL4001'],
  );
  source.apply(serviceText({ name: 'reviews' }));
  assert.deepEqual(
    plane.diagnostics().map(({ code }) => code),
    [],
  );
});
