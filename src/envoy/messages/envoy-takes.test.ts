import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  create,
  type DescMessage,
  fromJson,
  type JsonValue,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { pack } from '../any.ts';
import { BootstrapSchema } from '../gen/envoy/config/bootstrap/v3/bootstrap_pb.ts';
import { Cluster_DiscoveryType, ClusterSchema } from '../gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ApiConfigSource_ApiType, ApiVersion } from '../gen/envoy/config/core/v3/config_source_pb.ts';
import { ListenerSchema } from '../gen/envoy/config/listener/v3/listener_pb.ts';
import { RBAC_Action } from '../gen/envoy/config/rbac/v3/rbac_pb.ts';
import { FileAccessLogSchema } from '../gen/envoy/extensions/access_loggers/file/v3/file_pb.ts';
import { InternalListenerSchema } from '../gen/envoy/extensions/bootstrap/internal_listener/v3/internal_listener_pb.ts';
import { DiscoveryResponseSchema } from '../gen/envoy/service/discovery/v3/discovery_pb.ts';
import { loadAllTypes, messageToJson } from '../index.ts';
import * as make from './index.ts';

const ENVOY = process.env['PELAGOS_ENVOY'];
/** Nobody answers here, so clusters and listeners go on without their secrets after a millisecond. */
const SOURCE = make.adsSource(1);
const MATERIAL = {
  certificate: make.sdsSecret('default', SOURCE),
  roots: make.sdsSecret('ROOTCA', SOURCE),
  alpn: ['h2'],
};
const WAIT_MS = 10_000;
const RULES = { action: RBAC_Action.ALLOW, policies: {} };
const LOG = make.accessLog({
  name: 'envoy.access_loggers.file',
  schema: FileAccessLogSchema,
  config: { path: '/dev/null' },
});

function httpChain() {
  const routes = { case: 'rds' as const, value: { configSource: make.adsSource(), routeConfigName: 'http_proxy' } };
  const httpFilters = [
    make.onDemandFilter(5000),
    make.httpRbacFilter({ rules: RULES }),
    make.faultFilter(),
    make.corsFilter(),
    make.routerFilter(),
  ];
  const manager = make.httpConnectionManager({
    statPrefix: 'a',
    routeSpecifier: routes,
    httpFilters,
    accessLog: [LOG],
  });
  return {
    filterChainMatch: { transportProtocol: 'tls' },
    transportSocket: make.downstreamTls(MATERIAL, true),
    filters: [make.networkRbacFilter({ statPrefix: 'a', rules: RULES }), manager],
  };
}

function tcpChain() {
  const proxy = make.tcpProxy({
    statPrefix: 'b',
    clusterSpecifier: { case: 'cluster', value: 'none' },
    onDemand: make.tcpOnDemand(5000),
  });
  const state = make.tcpClusterFromFormat('outbound|%DOWNSTREAM_LOCAL_PORT%||a');
  return { transportSocket: make.rawBuffer(), filters: [make.sniClusterFilter(), state, proxy] };
}

function endpoints(name: string, address: ReturnType<typeof make.socketAddress>) {
  const endpoint = { hostIdentifier: { case: 'endpoint' as const, value: { address } } };
  return { name, loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: [endpoint] }] } };
}

function adsCluster(folder: string) {
  const httpFilters = [
    make.credentialInjectorFilter({
      secret: make.sdsSecret('token', make.pathSource(join(folder, 'token.json'), folder)),
      header: 'Authorization',
      prefix: 'Bearer ',
    }),
    make.upstreamCodecFilter(),
  ];
  return {
    ...endpoints('ads', make.socketAddress('127.0.0.1', 1)),
    typedExtensionProtocolOptions: make.httpProtocolOptions({ kind: 'http2' }, { httpFilters }),
  };
}

function listeners(folder: string): MessageInitShape<typeof ListenerSchema>[] {
  const inspectors = [make.originalDst(), make.proxyProtocol(), make.tlsInspector(), make.httpInspector()];
  const internal = { name: 'network|a', listenerSpecifier: { case: 'internalListener' as const, value: {} } };
  const chains = [httpChain(), tcpChain()];
  return [
    { name: 'a', address: make.socketAddress('127.0.0.1', 0), listenerFilters: inspectors, filterChains: chains },
    { ...internal, filterChains: [tcpChain()] },
    { name: 'pipe', address: make.pipeAddress(join(folder, 'listener'), 0o600), filterChains: [tcpChain()] },
  ];
}

function clusters(): MessageInitShape<typeof ClusterSchema>[] {
  const away = endpoints('away', make.internalAddress('network|a', 'pod'));
  const outside = { roots: MATERIAL.roots, peers: [make.dnsName('a.b')], alpn: ['h2', 'http/1.1'] };
  return [
    {
      ...away,
      clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
      transportSocket: make.upstreamTls({ ...MATERIAL, peers: [make.uriName('spiffe://a/ns/b/sa/c')] }, 'endpoint'),
      typedExtensionProtocolOptions: make.httpProtocolOptions({ kind: 'downstream' }),
    },
    {
      ...endpoints('outside', make.socketAddress('127.0.0.1', 2)),
      transportSocket: make.upstreamTls(outside, { name: 'a.b' }),
      typedExtensionProtocolOptions: make.httpProtocolOptions({ kind: 'alpn' }),
    },
    {
      ...endpoints('plain', make.socketAddress('127.0.0.1', 3)),
      transportSocket: make.rawBuffer(),
      typedExtensionProtocolOptions: make.httpProtocolOptions({ kind: 'http1' }),
    },
  ];
}

function bootstrap(folder: string): MessageInitShape<typeof BootstrapSchema> {
  const internalListeners = make.typedExtension({
    name: 'envoy.bootstrap.internal_listener',
    schema: InternalListenerSchema,
  });
  return {
    node: { id: 'n', cluster: 'c' },
    admin: { address: make.pipeAddress(join(folder, 'admin'), 0o600) },
    dynamicResources: {
      adsConfig: {
        apiType: ApiConfigSource_ApiType.DELTA_GRPC,
        transportApiVersion: ApiVersion.V3,
        grpcServices: [{ targetSpecifier: { case: 'envoyGrpc', value: { clusterName: 'ads' } } }],
      },
      ldsConfig: make.pathSource(join(folder, 'lds.pb')),
      cdsConfig: make.pathSource(join(folder, 'cds.pb')),
    },
    bootstrapExtensions: [internalListeners],
    staticResources: { clusters: [adsCluster(folder)] },
  };
}

function write<Desc extends DescMessage>(path: string, schema: Desc, message: MessageInitShape<Desc>): void {
  writeFileSync(path, toBinary(schema, create(schema, message)));
}

function writeFiles(folder: string): void {
  const secret = { '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret', name: 'token' };
  const token = { ...secret, generic_secret: { secret: { inline_string: 'T' } } };
  writeFileSync(join(folder, 'token.json'), JSON.stringify({ resources: [token] }));
  const served = clusters().map((cluster) => pack(ClusterSchema, cluster));
  write(join(folder, 'cds.pb'), DiscoveryResponseSchema, { resources: served });
  const listening = listeners(folder).map((listener) => pack(ListenerSchema, listener));
  write(join(folder, 'lds.pb'), DiscoveryResponseSchema, { resources: listening });
  write(join(folder, 'envoy.pb'), BootstrapSchema, bootstrap(folder));
}

async function ask(folder: string, path: string): Promise<string> {
  const [response] = await once(get({ socketPath: join(folder, 'admin'), path }), 'response');
  return text(response);
}

/** Envoy's counters of configuration that it took and refused. */
async function counters(folder: string): Promise<ReadonlyMap<string, number>> {
  const stats = await ask(folder, '/stats?filter=(cds|lds)%5C.update_(success|rejected)$');
  const lines = stats.trim().split('\n');
  return new Map(lines.map((line) => line.split(': ')).map(([name = '', value]) => [shortName(name), Number(value)]));
}

function shortName(stat: string): string {
  return stat.split('.').slice(-2).join('.');
}

/** What became of both files, once Envoy has looked at them. */
async function verdict(folder: string, envoy: ChildProcess): Promise<ReadonlyMap<string, number>> {
  const endMs = Date.now() + WAIT_MS;
  for (;;) {
    const seen = await counters(folder).catch(() => new Map<string, number>());
    const judged = (api: string): boolean =>
      ['success', 'rejected'].some((end) => (seen.get(`${api}.update_${end}`) ?? 0) > 0);
    if ((judged('cds') && judged('lds')) || envoy.exitCode !== null || Date.now() > endMs) return seen;
    await sleep(20);
  }
}

test('Envoy takes every message that is made here', { skip: ENVOY ? false : 'PELAGOS_ENVOY is not set' }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pelagos-messages-'));
  writeFiles(folder);
  const args = ['--config-path', join(folder, 'envoy.pb'), '--disable-hot-restart', '--concurrency', '1'];
  const envoy = spawn(ENVOY ?? '', [...args, '--log-level', 'warning'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const log = text(envoy.stderr);
  const exited = once(envoy, 'exit');
  const seen = await verdict(folder, envoy);
  const dump = await ask(folder, '/config_dump').catch(() => '{}');
  envoy.kill('SIGKILL');
  await exited;
  rmSync(folder, { recursive: true, force: true });
  const want = { 'cds.update_rejected': 0, 'cds.update_success': 1, 'lds.update_rejected': 0, 'lds.update_success': 1 };
  assert.deepEqual(Object.fromEntries(seen), want, await log);
  const types = await loadAllTypes();
  const schema = types.getMessage('envoy.admin.v3.ConfigDump');
  assert.ok(schema);
  const parsed = fromJson(schema, JSON.parse(dump) as JsonValue, { registry: types });
  assert.deepEqual(messageToJson(schema, parsed, types), JSON.parse(dump));
});
