import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type BootstrapSpec, bootstrap, formatNodeId } from './bootstrap.ts';
import { findEnvoy } from './envoy-binary.ts';
import { writeXdsFiles } from './xds-files.ts';

const FILES = {
  tokenSecretFile: '/run/pod/token-secret.json',
  trustSecretFile: '/run/pod/trust-secret.json',
};

const SPEC: BootstrapSpec = {
  kind: 'sidecar',
  cluster: 'cluster1',
  network: 'network1',
  namespace: 'default',
  pod: 'service-5d8c-abcde',
  address: '127.1.0.5',
  workload: 'service',
  serviceAccount: 'service-account',
  locality: { region: 'us-east', zone: 'us-east-1', subzone: '' },
  interception: {
    kind: 'ports',
    httpProxy: { address: '127.1.0.5', port: 15001 },
    inbound: [{ port: 80, bind: { address: '127.1.0.5', port: 10080 }, app: { address: '127.0.0.1', port: 20001 } }],
  },
  gatewayBinds: [],
  controlPlane: { address: '127.1.0.2', port: 15012, serverName: 'istiod.istio-system.svc', files: FILES },
  adminSocket: '/run/pod/admin.sock',
};

/** The value at a path of keys, for looking into JSON. */
function at(value: unknown, ...keys: readonly (string | number)[]): unknown {
  return keys.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);
}

test('a proxy names itself in the form that Istio uses', () => {
  assert.equal(formatNodeId(SPEC), 'sidecar~127.1.0.5~service-5d8c-abcde.default~default.svc.cluster.local');
  assert.match(formatNodeId({ ...SPEC, kind: 'gateway' }), /^router~127\.1\.0\.5~/);
  const { node } = bootstrap(SPEC);
  assert.deepEqual(at(node, 'locality'), { region: 'us-east', zone: 'us-east-1', sub_zone: '' });
  assert.equal(at(node, 'cluster'), 'service.default');
  assert.deepEqual(at(node, 'metadata', 'PELAGOS_INTERCEPTION'), SPEC.interception);
});

test('equal specs give equal bootstraps, and no file is read to make one', () => {
  assert.equal(JSON.stringify(bootstrap(SPEC)), JSON.stringify(bootstrap(structuredClone(SPEC))));
});

test('the control plane is known by its name and its roots, and TLS 1.3 is all that is spoken', () => {
  const tls = at(bootstrap(SPEC), 'static_resources', 'clusters', 0, 'transport_socket', 'typed_config');
  assert.equal(at(tls, 'sni'), 'istiod.istio-system.svc');
  const common = at(tls, 'common_tls_context');
  assert.equal(at(common, 'tls_params', 'tls_minimum_protocol_version'), 'TLSv1_3');
  const validation = at(common, 'combined_validation_context');
  assert.deepEqual(at(validation, 'default_validation_context', 'match_typed_subject_alt_names'), [
    { san_type: 'DNS', matcher: { exact: 'istiod.istio-system.svc' } },
  ]);
});

test('no file is watched: a machine has few inotify instances, and an Envoy without one aborts', () => {
  const text = JSON.stringify(bootstrap(SPEC));
  assert.equal(text.split('"path_config_source"').length, 3);
  assert.equal(text.split('"poll_interval"').length, 3);
  assert.ok(!text.includes('watched_directory'));
});

test('a control plane that is given by name is resolved', () => {
  const named = bootstrap({ ...SPEC, controlPlane: { ...SPEC.controlPlane, address: 'istiod.istio-system.svc' } });
  assert.equal(at(named, 'static_resources', 'clusters', 0, 'type'), 'STRICT_DNS');
  assert.equal(at(bootstrap(SPEC), 'static_resources', 'clusters', 0, 'type'), 'STATIC');
});

test('the statistic tag of a cluster is its whole name', () => {
  const regex = at(bootstrap(SPEC), 'stats_config', 'stats_tags', 0, 'regex');
  const names: Readonly<Record<string, string>> = {
    'cluster.outbound|80||service.default.svc.cluster.local.upstream_rq_total':
      'outbound|80||service.default.svc.cluster.local',
    'cluster.outbound|80|v1|service.cluster2.outlier_detection.ejections_active': 'outbound|80|v1|service.cluster2',
    'cluster.outbound|80||service.cluster2.circuit_breakers.default.cx_open': 'outbound|80||service.cluster2',
    'cluster.inbound|8080||.ssl.handshake': 'inbound|8080||',
    'cluster.xds-grpc.upstream_cx_active': 'xds-grpc',
  };
  for (const [name, cluster] of Object.entries(names)) {
    assert.equal(new RegExp(String(regex)).exec(name)?.[2], cluster, name);
  }
});

const envoy = await findEnvoy();
const skip = envoy.kind === 'missing' ? 'no Envoy found: set PELAGOS_ENVOY, or run set-up' : false;

/** Without hot restart: its shared memory would clash with that of another Envoy on the machine. */
const VALIDATE = ['--mode', 'validate', '--disable-hot-restart', '--config-yaml'];

test('Envoy takes the bootstrap of a sidecar and of a gateway', { skip }, async () => {
  if (envoy.kind === 'missing') return;
  const folder = mkdtempSync(join(tmpdir(), 'pelagos-bootstrap-'));
  try {
    writeFileSync(join(folder, 'token'), 'a token');
    writeFileSync(join(folder, 'roots.pem'), '');
    const files = await writeXdsFiles(folder, {
      tokenFile: join(folder, 'token'),
      rootsFile: join(folder, 'roots.pem'),
    });
    const spec: BootstrapSpec = {
      ...SPEC,
      controlPlane: { ...SPEC.controlPlane, files },
      adminSocket: join(folder, 'admin.sock'),
    };
    const gateway: BootstrapSpec = {
      ...spec,
      kind: 'gateway',
      gatewayBinds: [{ port: 80, bind: { address: '127.1.0.6', port: 10080 } }],
      dnsResolver: { address: '127.1.0.53', port: 5353 },
      maxConnections: 100,
      statsPrefixes: ['dns'],
    };
    for (const each of [spec, gateway]) {
      const text = JSON.stringify(bootstrap(each));
      assert.ok(!text.includes('a token'));
      const { stdout, stderr } = await promisify(execFile)(envoy.path, [...VALIDATE, text]);
      assert.match(stdout + stderr, /configuration '' OK/);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
