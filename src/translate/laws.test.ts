/** The laws of translation, over random meshes: what must hold whatever objects there are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { Filter, FilterChain } from '../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { type Listener, ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { RouteConfigurationSchema } from '../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { HttpConnectionManagerSchema } from '../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { TcpProxySchema } from '../envoy/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts';
import { contentHash, parseClusterName, TYPE_URL, unpack } from '../envoy/index.ts';
import { parseHostname, type RawObject, type Resource } from '../model/index.ts';
import { clustersOfRoute } from './gateway-clusters.ts';
import { objectsOf, PaperMesh, type PaperProxy } from './testing/paper-mesh.ts';
import { ADDRESSES, BASE, HOSTS, PROXIES, VOCABULARY } from './testing/vocabulary.ts';

const PARAMETERS = { seed: 20_261_123, numRuns: 60 } as const;

const OBJECTS: readonly (readonly RawObject[])[] = VOCABULARY.map(([cluster, text]) => objectsOf(cluster, text));

interface Step {
  readonly manifest: number;
  readonly remove: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({ manifest: fc.nat(VOCABULARY.length - 1), remove: fc.boolean() });
const steps = fc.array(step, { minLength: 1, maxLength: 14 });

function run(mesh: PaperMesh, { manifest, remove }: Step): void {
  const [cluster] = VOCABULARY[manifest] ?? ['cluster1'];
  const objects = OBJECTS[manifest] ?? [];
  const batch = remove ? { set: [], deleted: objects.map(({ ref }) => ref) } : { set: objects, deleted: [] };
  mesh.plane.apply(cluster as RawObject['ref']['cluster'], { ...batch, diagnostics: [] });
}

function proxiesOf(mesh: PaperMesh): readonly PaperProxy[] {
  return PROXIES.map((text) => {
    const [kind, pod] = text.split(' ');
    if (kind === 'gateway') return mesh.gateway(`cluster1/${pod}`);
    return kind === 'redirected' ? mesh.redirected(`cluster1/${pod}`) : mesh.sidecar(`cluster1/${pod}`, [8080]);
  });
}

/** Everything that a proxy can come to hold: what its wildcards stand for, what it may call, and what those lead to. */
function allOf(proxy: PaperProxy): ReadonlyMap<string, Resource> {
  const found = new Map<string, Resource>();
  const take = (type: string, name: string): Resource | undefined => {
    const known = found.get(`${type} ${name}`);
    const resource = known ?? proxy.resource(type, name);
    if (!known && resource) {
      found.set(`${type} ${name}`, resource);
      for (const next of namesIn(resource)) take(next.type, next.name);
    }
    return resource;
  };
  for (const type of [TYPE_URL.LDS, TYPE_URL.CDS, TYPE_URL.VHDS])
    for (const name of proxy.names(type)) take(type, name);
  if (proxy.scope.client.kind === 'sidecar') {
    for (const routes of ['http_proxy', '80', '5432'])
      for (const host of HOSTS) take(TYPE_URL.VHDS, `${routes}/${host}`);
    for (const address of ADDRESSES) for (const use of ['tcp', 'http']) take(TYPE_URL.CDS, `${use}|${address}`);
  }
  for (const sni of ['a1.reviews.default.cluster1', 'reviews.default.svc.cluster.local', 'pay.internal']) {
    take(TYPE_URL.CDS, `sni|outbound_.80_._.${sni}`);
  }
  return found;
}

interface Name {
  readonly type: string;
  readonly name: string;
}

/** The resources that one names. */
function namesIn({ type, bytes }: Resource): readonly Name[] {
  const clusters = (names: readonly string[]): readonly Name[] => names.map((name) => ({ type: TYPE_URL.CDS, name }));
  switch (type) {
    case TYPE_URL.LDS:
      return chainsOf(fromBinary(ListenerSchema, bytes)).flatMap(({ filters }) => filters.flatMap(namesInFilter));
    case TYPE_URL.RDS:
      return clusters(
        fromBinary(RouteConfigurationSchema, bytes).virtualHosts.flatMap(({ routes }) =>
          routes.flatMap(clustersOfRoute),
        ),
      );
    case TYPE_URL.VHDS:
      return clusters(fromBinary(VirtualHostSchema, bytes).routes.flatMap(clustersOfRoute));
    case TYPE_URL.CDS: {
      const service = fromBinary(ClusterSchema, bytes).edsClusterConfig?.serviceName;
      return service === undefined ? [] : [{ type: TYPE_URL.EDS, name: service }];
    }
    default:
      return [];
  }
}

function chainsOf({ filterChains, defaultFilterChain }: Listener): readonly FilterChain[] {
  return defaultFilterChain ? [...filterChains, defaultFilterChain] : filterChains;
}

function namesInFilter({ configType }: Filter): readonly Name[] {
  const any = configType.case === 'typedConfig' ? configType.value : undefined;
  const manager = any?.typeUrl.endsWith('HttpConnectionManager') ? unpack(any, HttpConnectionManagerSchema) : undefined;
  if (manager?.routeSpecifier.case === 'rds')
    return [{ type: TYPE_URL.RDS, name: manager.routeSpecifier.value.routeConfigName }];
  const proxy = any?.typeUrl.endsWith('TcpProxy') ? unpack(any, TcpProxySchema)?.clusterSpecifier : undefined;
  if (proxy?.case === 'cluster') return [{ type: TYPE_URL.CDS, name: proxy.value }];
  return proxy?.case === 'weightedClusters'
    ? proxy.value.clusters.map(({ name }) => ({ type: TYPE_URL.CDS, name }))
    : [];
}

function digest(mesh: PaperMesh): readonly string[] {
  return proxiesOf(mesh).flatMap((proxy, index) =>
    [...allOf(proxy)]
      .map(([key, { version, origin }]) => `${index} ${key} ${version} ${JSON.stringify(origin)}`)
      .sort(),
  );
}

function rebuilt(all: readonly Step[]): PaperMesh {
  const last = new Map<string, readonly [number, RawObject] | undefined>();
  for (const { manifest, remove } of all) {
    for (const object of OBJECTS[manifest] ?? [])
      last.set(JSON.stringify(object.ref), remove ? undefined : [manifest, object]);
  }
  const mesh = new PaperMesh({ clusters: BASE });
  const left = [...last.values()].flatMap((item) => (item ? [item[1]] : []));
  for (const object of left.toReversed()) {
    mesh.plane.apply(object.ref.cluster, { set: [object], deleted: [], diagnostics: [] });
  }
  return mesh;
}

test('what changed step by step is what would be built from scratch, in any order', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const live = new PaperMesh({ clusters: BASE });
      for (const one of all) {
        run(live, one);
        digest(live);
      }
      assert.deepEqual(digest(live), digest(rebuilt(all)));
    }),
    PARAMETERS,
  );
});

test('every name that a resource names exists, but for services that do not', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const mesh = rebuilt(all);
      for (const proxy of proxiesOf(mesh)) {
        const found = allOf(proxy);
        for (const [key, resource] of found) {
          for (const { type, name } of namesIn(resource)) {
            assert.ok(found.has(`${type} ${name}`) || leadsNowhere(mesh, proxy, name), `${key} names ${name}`);
          }
        }
      }
    }),
    PARAMETERS,
  );
});

/** A destination whose host, port or subset is not there (for this client): its cluster has a name and does not exist. */
function leadsNowhere({ plane: { mesh } }: PaperMesh, { scope: { client } }: PaperProxy, name: string): boolean {
  const parsed = parseClusterName(name);
  if (!parsed) return false;
  const service = mesh.hosts.resolve(client.namespace, parseHostname(parsed.hostname));
  const hasPort = service?.ports.some(({ number }) => number === parsed.port) ?? false;
  if (!service || !hasPort || mesh.policies.sidecar(client)) return true;
  return (
    parsed.subset !== '' &&
    !mesh.rules.destination(client, service).subsets.some((subset) => subset.name === parsed.subset)
  );
}

test('equal clients share the very same resources, and the version is the hash of the bytes', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const [plain, plainTwin, , redirected, redirectedTwin] = proxiesOf(rebuilt(all));
      for (const [first, twin] of [
        [plain, plainTwin],
        [redirected, redirectedTwin],
      ] as const) {
        assert.ok(first && twin);
        assert.equal(first.scope.client.key, twin.scope.client.key);
        const others = allOf(twin);
        for (const [key, resource] of allOf(first)) {
          assert.equal(resource.version, contentHash(resource.bytes));
          if (isShared(key, first === redirected)) assert.equal(others.get(key), resource, key);
        }
      }
    }),
    PARAMETERS,
  );
});

/** What depends on the client's side alone. The listeners that the kernel redirects to are each proxy's own. */
function isShared(key: string, redirected: boolean): boolean {
  if ([TYPE_URL.VHDS, TYPE_URL.EDS].some((type) => key.startsWith(type))) return true;
  if (/ (outbound|tcp|http)\|/.test(key)) return true;
  const outward = key.startsWith(TYPE_URL.RDS) || (key.startsWith(TYPE_URL.LDS) && !key.includes(' virtual'));
  return redirected && outward && !key.includes(' network|');
}

test('a broken object changes nothing', () => {
  const broken = [
    '---\n{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: broken, namespace: default}, spec: {hosts: [reviews], http: [{rout: []}]}}\n',
    '---\n{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: reviews, namespace: default}, spec: {host: reviews, trafficPolicy: {loadBalancer: {simple: BEST}}}}\n',
    '---\n{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: web, namespace: istio-system}, spec: {servers: [{hosts: []}]}}\n',
  ];
  fc.assert(
    fc.property(steps, fc.constantFrom(...broken), (all, text) => {
      const mesh = rebuilt(all);
      const before = digest(mesh);
      mesh.apply('cluster1', text);
      assert.deepEqual(digest(mesh), before);
    }),
    { ...PARAMETERS, numRuns: 30 },
  );
});
