import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gatewayPod } from './gateway-pod.ts';
import { injectManifest } from './inject-manifest.ts';
import { injectPod } from './inject-pod.ts';
import { parseLabelSelector, selects } from './label-selector.ts';
import { type Pod, parsePod } from './pod.ts';
import { escapeExpansion } from './pod-bootstrap.ts';
import { parseProxyConfig } from './proxy-config.ts';
import { parseCidrs, parseInterfaces, parsePorts, ScopeError } from './redirect-scope.ts';
import { injectionSettings } from './settings.ts';
import { workloadOf } from './workload-name.ts';

const SETTINGS = injectionSettings({ values: {}, cluster: 'cluster1', network: 'network1' });
const POD: Pod = {
  metadata: { name: 'service', labels: { app: 'service' } },
  spec: { containers: [{ name: 'service', readinessProbe: { httpGet: { port: 80 } } }] },
};

test('the workload of a pod is what a person made', () => {
  const owned = (kind: string, name: string, labels = {}) =>
    workloadOf({ name: 'x', labels, ownerReferences: [{ kind, name, controller: true }] });
  assert.deepEqual(owned('ReplicaSet', 'web-7f9', { 'pod-template-hash': '7f9' }), { kind: 'Deployment', name: 'web' });
  assert.deepEqual(owned('ReplicaSet', 'web-7f9'), { kind: 'ReplicaSet', name: 'web-7f9' });
  assert.deepEqual(owned('Job', 'report-28123456'), { kind: 'CronJob', name: 'report' });
  assert.deepEqual(owned('Job', 'import'), { kind: 'Job', name: 'import' });
  assert.deepEqual(owned('StatefulSet', 'db'), { kind: 'StatefulSet', name: 'db' });
  assert.deepEqual(workloadOf({ name: 'alone' }), { kind: 'Pod', name: 'alone' });
  assert.deepEqual(workloadOf({ generateName: 'made-' }), { kind: 'Pod', name: 'made' });
});

test('Kubernetes makes of the argument what was meant, whatever it holds', () => {
  const piece = fc.constantFrom('$', '$$', '(', ')', '$(POD_NAME)', '$(OTHER)', 'a', '$(POD_NAME', '"');
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('');
      const variables: Readonly<Record<string, string>> = { POD_NAME: 'pod', OTHER: 'wrong' };
      const expanded = escapeExpansion(text).replace(/\$\$|\$\(([^)]*)\)/g, (found, name: string | undefined) =>
        found === '$$' ? '$' : (variables[name ?? ''] ?? found),
      );
      assert.equal(expanded, text.replaceAll('$(POD_NAME)', 'pod'));
    }),
  );
});

test('a pod that has its proxy does not change, and the input never does', () => {
  const before = structuredClone(POD);
  const first = injectPod(POD, { name: 'default' }, SETTINGS);
  assert.deepEqual(POD, before);
  assert.ok(first.kind === 'injected');
  assert.equal(injectPod(first.pod, { name: 'default' }, SETTINGS).kind, 'skipped');
  assert.deepEqual(injectPod(POD, { name: 'default' }, SETTINGS), first);
});

test('ranges, ports and interfaces are checked, for they become rules', () => {
  assert.deepEqual(
    parseCidrs('10.0.0.0/8, 192.0.2.1,fd00::/8').map(({ text }) => text),
    ['10.0.0.0/8', '192.0.2.1/32', 'fd00::/8'],
  );
  for (const bad of [
    '10.0.0.0/33',
    '10.0.0/8',
    'x',
    '10.0.0.0/8/8',
    '10.0.0.0/8 -j ACCEPT',
    'fe80::1%eth0',
    '1.2.3.4\nCOMMIT',
  ]) {
    assert.throws(() => parseCidrs(bad), ScopeError, bad);
  }
  assert.deepEqual(parsePorts('80, 443,'), [80, 443]);
  for (const bad of ['0', '65536', '-1', '80:90', 'http', '8 0', '1e3'])
    assert.throws(() => parsePorts(bad), ScopeError, bad);
  assert.throws(() => parsePorts(Array.from({ length: 257 }, (_, port) => port + 1).join(',')), ScopeError);
  assert.deepEqual(parseInterfaces('eth1,net1.5'), ['eth1', 'net1.5']);
  for (const bad of ['-i', 'a b', 'muchtoolongname0', '../x'])
    assert.throws(() => parseInterfaces(bad), ScopeError, bad);
});

test('label selectors are those of Kubernetes', () => {
  const selector = (value: object) => parseLabelSelector(value) ?? assert.fail('no selector');
  const has = (operator: string, values?: readonly string[]) =>
    selector({ matchExpressions: [{ key: 'app', operator, ...(values ? { values } : {}) }] });
  assert.equal(selects(has('NotIn', ['x']), {}), true);
  assert.equal(selects(has('NotIn', ['x']), { app: 'x' }), false);
  assert.equal(selects(has('Exists'), { app: '' }), true);
  assert.equal(selects(has('DoesNotExist'), { app: '' }), false);
  assert.equal(selects(has('Near'), { app: 'x' }), false);
  assert.equal(parseLabelSelector({}), undefined);
  assert.equal(parseLabelSelector('app=x'), undefined);
});

test('durations of a ProxyConfig are rounded up to seconds', () => {
  const seconds = (text: unknown) => parseProxyConfig({ terminationDrainDuration: text }).terminationDrainSeconds;
  assert.deepEqual(['5s', '1m30s', '500ms', '1.5s', 'soon', 5].map(seconds), [5, 90, 1, 2, undefined, undefined]);
});

test('values of a wrong type count as not given', () => {
  const values = {
    global: { proxy: { logLevel: {}, privileged: 'perhaps', readinessPeriodSeconds: -1 }, hub: 7 },
    revision: [],
  };
  const settings = injectionSettings({ values, mesh: 'none' });
  assert.equal(settings.logLevel, 'warning');
  assert.equal(settings.privileged, false);
  assert.equal(settings.readiness.periodSeconds, 15);
  assert.equal(settings.image, '7/pelagos:0.1.0');
  assert.equal(settings.revision, '');
  assert.deepEqual([settings.cluster, settings.network], ['Kubernetes', 'Kubernetes']);
  assert.deepEqual(injectionSettings({ values: null }), injectionSettings({ values: {} }));
});

test('a manifest: every kind of workload has its proxy, all else stays as it is', () => {
  const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'x' }] } };
  const workload = (kind: string) => ({ kind, metadata: { name: 'x' }, spec: { replicas: 2, template } });
  const service = { kind: 'Service', metadata: { name: 'x' } };
  const cron = { kind: 'CronJob', metadata: { name: 'nightly' }, spec: { jobTemplate: { spec: { template } } } };
  const documents = [
    service,
    ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'].map(workload),
    cron,
    { kind: 'List', items: [service, workload('Deployment')] },
    { kind: 'Deployment', metadata: { name: 'system', namespace: 'kube-system' }, spec: { template } },
    { kind: 'Deployment', metadata: { name: 'broken' }, spec: { template: { spec: { containers: 'none' } } } },
    null,
    'text',
  ];
  const { documents: result, outcomes } = injectManifest(documents, SETTINGS);
  assert.equal(result.length, documents.length);
  assert.equal(result[0], service);
  assert.deepEqual(result.slice(-4), documents.slice(-4));
  assert.deepEqual(
    outcomes.map(({ object, kind }) => `${object}: ${kind}`),
    [
      ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'].map((kind) => `${kind} default/x: injected`),
      'CronJob default/nightly: injected',
      'Deployment default/x: injected',
      'Deployment kube-system/system: skipped',
      'Deployment default/broken: broken',
    ],
  );
  const twice = injectManifest(result, SETTINGS);
  assert.deepEqual(twice.documents, result);
  const pods = [result[6], result[1]].map((each) => JSON.stringify(each));
  assert.match(pods[0] ?? '', /\\"WORKLOAD_NAME\\":\\"nightly\\"/);
  assert.match(pods[1] ?? '', /"replicas":2.*\\"WORKLOAD_NAME\\":\\"x\\"/);
});

test('a manifest gives the pods that the webhook would give', () => {
  const template = {
    metadata: { labels: { app: 'x' } },
    spec: { containers: [{ name: 'x', ports: [{ containerPort: 80 }] }] },
  };
  const { documents } = injectManifest(
    [{ kind: 'Deployment', metadata: { name: 'web' }, spec: { template } }],
    SETTINGS,
  );
  const offline = (documents[0] as { spec: { template: Pod } }).spec.template;
  const labels = { ...template.metadata.labels, 'pod-template-hash': '7f9' };
  const ownerReferences = [{ kind: 'ReplicaSet', name: 'web-7f9', controller: true }];
  const pod = { ...template, metadata: { generateName: 'web-7f9-', labels, ownerReferences } };
  const online = injectPod(pod, { name: 'default' }, SETTINGS);
  assert.ok(online.kind === 'injected');
  assert.deepEqual(offline.spec, online.pod.spec);
  assert.deepEqual(offline.metadata.annotations, online.pod.metadata.annotations);
});

test('a gateway that is installed is what the webhook would make of it, and the webhook is not asked', () => {
  const own = { name: 'istio-proxy', image: 'auto', resources: { requests: { cpu: '10m' } } };
  const given: Pod = { metadata: { labels: { istio: 'eastwestgateway' } }, spec: { containers: [own] } };
  const installed = gatewayPod(given, 'istio-eastwestgateway', SETTINGS);
  const annotations = { 'inject.istio.io/templates': 'gateway' };
  const name = 'istio-eastwestgateway';
  const injected = injectPod({ ...given, metadata: { ...given.metadata, name, annotations } }, { name: 'x' }, SETTINGS);
  assert.ok(injected.kind === 'injected');
  assert.deepEqual(installed.spec, injected.pod.spec);
  assert.deepEqual(installed.metadata.annotations, injected.pod.metadata.annotations);
  assert.match(JSON.stringify(installed.spec), /router~.*\\"WORKLOAD_NAME\\":\\"istio-eastwestgateway\\"/);
  assert.equal(injectPod(installed, { name: 'istio-system' }, SETTINGS).kind, 'skipped');
  assert.equal(installed.metadata.labels?.['sidecar.istio.io/inject'], 'false');
});

test("the image auto is pulled as the mesh says, an image of a person's as that person says", () => {
  const policyOf = (image: string, imagePullPolicy: string): unknown => {
    const containers = [{ name: 'istio-proxy', image, imagePullPolicy }, { name: 'app' }];
    const injected = injectPod({ metadata: {}, spec: { containers } }, { name: 'x' }, SETTINGS);
    assert.ok(injected.kind === 'injected');
    return injected.pod.spec.initContainers?.find(({ name }) => name === 'istio-proxy')?.['imagePullPolicy'];
  };
  assert.equal(policyOf('auto', 'Always'), 'IfNotPresent', 'the API server has put that there');
  assert.equal(policyOf('auto', 'Never'), 'Never');
  assert.equal(policyOf('hub/envoy', 'Always'), 'Always');
});

test('what has not the shape of a pod is said', () => {
  for (const bad of [
    1,
    {},
    { spec: {} },
    { spec: { containers: [{}] } },
    { metadata: { labels: { a: 1 } }, spec: { containers: [] } },
  ]) {
    assert.equal(typeof parsePod(bad), 'string', JSON.stringify(bad));
  }
});

test('statistics that a pod asks for cannot make an argument that Linux does not take', () => {
  const name = 'sidecar.istio.io/statsInclusionPrefixes';
  const injected = (text: string): { readonly longest: number; readonly warnings: readonly string[] } => {
    const pod = { ...POD, metadata: { ...POD.metadata, annotations: { [name]: text } } };
    const injection = injectPod(pod, { name: 'default' }, SETTINGS);
    assert.ok(injection.kind === 'injected');
    const proxy = injection.pod.spec.initContainers?.find((each) => each.name === 'istio-proxy');
    const args = (proxy?.['args'] ?? []) as readonly string[];
    return { longest: Math.max(...args.map(({ length }) => length)), warnings: injection.warnings };
  };
  const most = injected('a,'.repeat(4_096));
  assert.deepEqual(most.warnings, []);
  assert.ok(most.longest < 131_072, `${most.longest} bytes`);
  const { longest, warnings } = injected('listener.,'.repeat(20_000));
  assert.ok(longest < 20_000, `${longest} bytes`);
  assert.deepEqual(warnings, [
    `the annotation ${name} is ignored: a list of 200000 characters is too long: 8192 at most`,
  ]);
});
