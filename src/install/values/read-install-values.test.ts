import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InstallError } from '../install-error.ts';
import { at } from '../plain.ts';
import type { InstallValues } from './install-values.ts';
import { readInstallValues, type ValuesRequest } from './read-install-values.ts';

const NOTHING: ValuesRequest = { files: [], sets: [], context: 'cluster1', env: {} };

function read(request: Partial<ValuesRequest>): InstallValues {
  return readInstallValues({ ...NOTHING, ...request }).values;
}

function file(text: string, name = 'values.yaml'): Pick<ValuesRequest, 'files'> {
  return { files: [{ name, text }] };
}

function refusal(request: Partial<ValuesRequest>): string {
  try {
    read(request);
  } catch (error) {
    if (error instanceof InstallError) return `${error.diagnostic.code} ${error.diagnostic.message}`;
    throw error;
  }
  return 'taken';
}

test('nothing given is a primary named after its context, with both gateways', () => {
  const values = read({});
  assert.deepEqual(
    [values.profile, values.cluster, values.network, values.revision, values.namespace, values.role.kind],
    ['default', 'cluster1', 'cluster1', '', 'istio-system', 'primary'],
  );
  assert.equal(values.images.pilot, 'docker.io/pelagos/pelagos:0.1.0');
  assert.deepEqual(
    values.gateways.map(({ kind, name }) => `${kind} ${name}`),
    ['ingress istio-ingressgateway', 'east-west istio-eastwestgateway'],
  );
});

test('profiles have the parts that their names say', () => {
  const parts = (profile: string): unknown => {
    const { hasBase, hasPilot, gateways } = read({ sets: [`profile=${profile}`] });
    return [hasBase, hasPilot, gateways.map(({ name }) => name.replace(/^istio-|gateway$/g, ''))];
  };
  assert.deepEqual(parts('demo'), [true, true, ['ingress', 'eastwest', 'egress']]);
  assert.deepEqual(parts('minimal'), [true, true, []]);
  assert.deepEqual(parts('empty'), [false, false, []]);
  const remote = read({ sets: ['profile=remote', 'values.global.remotePilotAddress=192.0.2.7'] });
  assert.deepEqual(
    [remote.hasPilot, remote.role],
    [false, { kind: 'remote', pilot: { kind: 'address', address: '192.0.2.7' } }],
  );
});

test('an IstioOperator, plain Helm values and --set are one, the later on top', () => {
  const operator = `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
spec:
  profile: minimal
  hub: registry.example
  tag: 7
  meshConfig: {accessLogFile: /dev/stdout, trustDomain: one.example}
  values: {global: {meshID: mesh1, network: net1}}
  components:
    pilot: {k8s: {replicaCount: 2}}
    ingressGateways:
    - {name: extra, enabled: true, label: {istio: extra}}
`;
  const plain = 'global: {multiCluster: {clusterName: east}, meshID: mesh2}\nmeshConfig: {trustDomain: two.example}\n';
  const values = read({
    files: [
      { name: 'a.yaml', text: operator },
      { name: 'b.yaml', text: plain },
    ],
    sets: ['meshConfig.trustDomain=three.example', 'global.proxy.logLevel=debug', 'values.pilot.env.A=b'],
  });
  assert.equal(values.images.proxy, 'registry.example/pelagos:7');
  assert.deepEqual([values.cluster, values.network, values.profile], ['east', 'net1', 'minimal']);
  assert.deepEqual(
    [values.meshConfig['accessLogFile'], values.meshConfig['trustDomain']],
    ['/dev/stdout', 'three.example'],
  );
  assert.deepEqual(
    [
      at(values.values, 'global', 'meshID'),
      at(values.values, 'global', 'proxy', 'logLevel'),
      at(values.values, 'pilot', 'env', 'A'),
    ],
    ['mesh2', 'debug', 'b'],
  );
  assert.deepEqual(
    values.gateways.map(({ name }) => name),
    ['extra'],
  );
});

test('gateways are changed by place, by name and by the older values', () => {
  assert.deepEqual(
    read({ sets: ['components.ingressGateways[0].enabled=false'] }).gateways.map(({ name }) => name),
    ['istio-eastwestgateway'],
  );
  const [ingress] = read({
    sets: ['components.ingressGateways.[name:istio-ingressgateway].k8s.replicaCount=3'],
    ...file('gateways: {istio-ingressgateway: {type: NodePort, loadBalancerIP: 192.0.2.1}}'),
  }).gateways;
  assert.deepEqual(
    [ingress?.replicas, ingress?.autoscale, ingress?.service['type'], ingress?.service['loadBalancerIP']],
    [3, undefined, 'NodePort', '192.0.2.1'],
  );
});

test("the article's values: a primary, and a remote whose primary is a variable", () => {
  const primary = file('global:\n  multicluster:\n    enabled: true\n  primary:\n    enabled: true\n');
  const { values, warnings } = readInstallValues({ ...NOTHING, ...primary });
  assert.deepEqual([values.role.kind, warnings], ['primary', []]);
  const remote = file(`global:\n  multicluster:\n    enabled: true\n  remotePilotAddress: \${CLUSTER1_ISTIOD}\n`);
  assert.deepEqual(read({ ...remote, env: { CLUSTER1_ISTIOD: '10.96.0.17' } }).role, {
    kind: 'remote',
    pilot: { kind: 'address', address: '10.96.0.17' },
  });
  const unset = read(remote);
  assert.deepEqual(unset.role, { kind: 'remote', pilot: { kind: 'variable', name: 'CLUSTER1_ISTIOD' } });
  assert.equal(unset.hasPilot, false);
});

test('what nothing acts on is told, with what may have been meant', () => {
  const { warnings } = readInstallValues({
    ...NOTHING,
    ...file('global: {proxy: {imag: x}}\nautoscaleEnabled: false\n'),
    sets: ['values.global.meshId=x', 'components.cni.enabled=true', 'meshConfig.acessLogFile=x'],
  });
  assert.deepEqual(
    warnings.map(({ code, message }) => `${code} ${message}`),
    [
      'PEL8002 values.yaml: there is no setting values.global.proxy.imag - did you mean image?',
      'PEL8002 values.yaml: there is no setting values.autoscaleEnabled',
      'PEL8002 --set: there is no setting values.global.meshId - did you mean meshID?',
      'PEL8003 --set: the setting components.cni has no effect here',
      'PEL8002 --set: there is no setting meshConfig.acessLogFile - did you mean accessLogFile?',
    ],
  );
});

test('what cannot be installed is refused before anything is done', () => {
  const cases: readonly (readonly [request: Partial<ValuesRequest>, message: RegExp])[] = [
    [{ sets: ['profile=defualt'] }, /PEL8004 .*did you mean default/],
    [{ sets: ['profile=remote'] }, /PEL8004 .*remotePilotAddress.*needs the address/],
    [{ sets: ['values.global.remotePilotAddress=a b'] }, /neither an IP address nor a host name/],
    [
      { sets: ['values.global.primary.enabled=true', 'values.global.remotePilotAddress=192.0.2.1'] },
      /a primary .* has no/,
    ],
    [{ sets: ['values.global.multiCluster.clusterName=East_1'] }, /clusterName: "East_1" is no DNS label/],
    [{ sets: ['revision=1.2'] }, /revision: "1.2" is no DNS label/],
    [{ sets: ['revision'] }, /PEL8001 --set revision cannot be read/],
    [file('a: [1'), /PEL8001 values.yaml cannot be read as values/],
    [file('- a'), /a document in it is no map/],
    [file('kind: Deployment'), /it is a Deployment, not an IstioOperator/],
    [file(`a: ${'x'.repeat(1_100_000)}`), /the limit is 1048576/],
    [file(`a: &a [1]\nb: [${'*a,'.repeat(200)}]`), /PEL8001/],
  ];
  for (const [request, message] of cases) assert.match(refusal(request), message);
});

test('a variable brings no structure with it, and a context that is no name is not taken for one', () => {
  const values = read({ ...file(`global: {meshID: "\${X}"}`), env: { X: 'a\nb: c' }, context: 'admin@prod' });
  assert.deepEqual([at(values.values, 'global', 'meshID'), values.cluster], ['a\nb: c', 'kubernetes']);
});
