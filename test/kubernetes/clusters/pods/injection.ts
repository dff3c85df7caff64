/** Who gets a proxy, and what it does to a pod. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mustRun } from '../../harness/command.ts';
import { EAST } from '../../harness/two-regions.ts';
import { pod, SERVER, workload } from './manifests.ts';
import { CLIENT, type ContainerObject, type PodLab, type PodObject } from './pod-lab.ts';

export function injectionTests(get: () => PodLab): void {
  describe('injection', () => {
    const want = 'sidecar.istio.io/inject';
    for (const [who, object, gets] of [
      ['of a namespace with istio-injection=enabled', { name: 'x', namespace: 'shop' }, true],
      ['that refuses, in such a namespace', { name: 'x', namespace: 'shop', labels: { [want]: 'false' } }, false],
      ["that has its node's network", { name: 'x', namespace: 'shop', spec: { hostNetwork: true } }, false],
      ['of a namespace with the label of the revision', { name: 'x', namespace: 'revised' }, true],
      ['of a namespace that says nothing', { name: 'x', namespace: 'legacy' }, false],
      ['that asks, in such a namespace', { name: 'x', namespace: 'legacy', labels: { [want]: 'true' } }, true],
      ['that names the revision', { name: 'x', namespace: 'legacy', labels: { 'istio.io/rev': 'default' } }, true],
      ['that names another revision', { name: 'x', namespace: 'legacy', labels: { 'istio.io/rev': 'other' } }, false],
      ['that asks in a namespace that refuses', { name: 'x', namespace: 'refused', labels: { [want]: 'true' } }, false],
      [
        'that asks in a namespace of Kubernetes',
        { name: 'x', namespace: 'kube-system', labels: { [want]: 'true' } },
        false,
      ],
    ] as const) {
      test(`a pod ${who} ${gets ? 'gets a proxy' : 'is left alone'}`, async () => {
        const { initContainers = [], containers } = (await get().asked(pod(object))).spec;
        assert.deepEqual(
          initContainers.map(({ name }) => name),
          gets ? ['istio-init', 'istio-proxy'] : [],
        );
        assert.deepEqual(
          containers.map(({ name }) => name),
          ['app'],
        );
      });
    }
    shapeTests(get);
    lifeTests(get);
  });
}

/** What a pod gets, by the webhook and without it. */
function shapeTests(get: () => PodLab): void {
  test('annotations change the proxy of one pod', async () => {
    const annotations = {
      'sidecar.istio.io/proxyCPU': '20m',
      'sidecar.istio.io/rewriteAppHTTPProbers': 'false',
      'traffic.sidecar.istio.io/excludeInboundPorts': '8081',
      'proxy.istio.io/config': '{"holdApplicationUntilProxyStarts": false}',
    };
    const { initContainers = [], containers } = (await get().asked(pod({ ...SERVER, annotations }))).spec;
    const [init, proxy] = initContainers;
    assert.deepEqual(proxy?.resources, { requests: { cpu: '20m' } });
    assert.equal(proxy?.startupProbe, undefined, 'the application does not wait');
    assert.equal(containers[0]?.readinessProbe?.httpGet?.port, 'web', 'the probe stays');
    assert.match(init?.env?.find(({ name }) => name === 'RULES_IPV4')?.value ?? '', /--dport 8081 -j RETURN/);
  });

  test('istioctl kube-inject gives the pod that the webhook gives', async () => {
    const manifest = JSON.stringify(workload('Deployment', SERVER)[1]);
    const args = ['--context', EAST, 'kube-inject', '-f', '-'];
    const { stdout, stderr, code } = await get().lab.run('istioctl', args, { input: manifest });
    assert.equal(code, 0, stderr);
    const convert = ['--context', EAST, 'create', '--dry-run=client', '-o', 'json', '-f', '-'];
    const { spec } = JSON.parse(await mustRun('kubectl', convert, { env: get().lab.env, input: stdout }));
    const online = await get().podOf('shop', 'server');
    const { template } = spec;
    const offline = await get().asked({
      apiVersion: 'v1',
      kind: 'Pod',
      ...template,
      metadata: { ...template.metadata, name: 'x', namespace: 'legacy' },
      spec: { ...template.spec, serviceAccountName: 'plain' },
    });
    const comparable = ({ metadata, spec }: PodObject): unknown => {
      const isOwn = ({ name }: { readonly name: string }): boolean => !name.startsWith('kube-api-access-');
      const plain = (container: ContainerObject) => ({
        ...container,
        volumeMounts: container.volumeMounts?.filter(isOwn),
      });
      const { 'pod-template-hash': _hash, ...labels } = metadata.labels;
      return {
        labels,
        annotations: metadata.annotations,
        initContainers: spec.initContainers?.map(plain),
        containers: spec.containers.map(plain),
        volumes: spec.volumes?.filter(isOwn),
      };
    };
    assert.deepEqual(comparable(offline), comparable(online));
  });
}

/** Beginnings and ends of pods. */
function lifeTests(get: () => PodLab): void {
  test('a Job ends although there is a proxy; its init container, first and last call are in the mesh', async () => {
    await get().kubectl('wait', '-n', 'shop', '--for=condition=complete', 'job/job', '--timeout=60s');
    for (const path of ['/job-prepare', '/job-first', '/job-last'])
      assert.equal((await get().calls.http(CLIENT, `http://web/seen?path=${path}`)).body, '1', path);
    await get().lab.eventually('the pod has ended, proxy and all', async () => {
      const phase = await get().kubectl(
        'get',
        'pods',
        '-n',
        'shop',
        '-l',
        'job-name=job',
        '-o',
        'jsonpath={.items[0].status.phase}',
      );
      assert.equal(phase, 'Succeeded');
    });
  });

  test('the proxy is there before an application and after it: its first and last calls succeed', async () => {
    await get().rolledOut('shop', 'deployment/busy');
    assert.equal(await get().kubectl('logs', '-n', 'shop', 'deployment/busy', '-c', 'app'), '/first 200\n');
    await get().kubectl('delete', 'deployment', '-n', 'shop', 'busy', '--cascade=foreground', '--timeout=60s');
    assert.equal((await get().calls.http(CLIENT, 'http://web/seen?path=/last')).body, '1');
  });
}
