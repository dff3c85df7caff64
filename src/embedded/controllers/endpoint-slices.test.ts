import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfigObjectOf, parseObject } from '../../config/index.ts';
import type { ClusterId } from '../../model/index.ts';
import { parseManifest } from '../../sources/index.ts';
import { slicesOfEndpoints, slicesOfService } from './endpoint-slices.ts';
import type { PodView } from './pod-view.ts';

function read<K extends 'Service' | 'Endpoints'>(text: string): ConfigObjectOf<K> {
  const [raw] = parseManifest({ cluster: 'c' as ClusterId, file: 'f', text }).documents.flatMap((one) => one.objects);
  assert.ok(raw);
  const { object } = parseObject(raw);
  assert.ok(object);
  return object as unknown as ConfigObjectOf<K>;
}

function pod(over: Partial<PodView> = {}): PodView {
  const some: Partial<PodView> = {
    name: 'web-0',
    namespace: 'default',
    uid: 'uid-0',
    labels: { app: 'web' },
    spec: { containers: [], nodeName: 'c-node', hostname: 'web-0', subdomain: 'web' },
    address: '127.1.1.1',
    isReady: true,
    isTerminating: false,
    phase: 'Running',
    ports: [{ port: 80, target: 80, name: 'http', protocol: 'http' }],
    sockets: new Map([[80, { address: '127.1.1.1', port: 10080 }]]),
    ...over,
  };
  return some as PodView;
}

const WEB = `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 8000, targetPort: http}, {name: admin, port: 9000, targetPort: 9000}]
`;

test('a slice has the real ports, the conditions and the pod it stands for', () => {
  const [slice, ...others] = slicesOfService(read<'Service'>(WEB), [
    pod(),
    pod({ labels: { app: 'db' } }),
    pod({ namespace: 'x' }),
  ]);
  assert.equal(others.length, 0);
  const { metadata, ...rest } = slice ?? { metadata: undefined };
  assert.match(metadata?.name ?? '', /^web-[0-9a-f]{8}$/);
  assert.deepEqual(rest, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['127.1.1.1'],
        conditions: { ready: true, serving: true, terminating: false },
        hostname: 'web-0',
        nodeName: 'c-node',
        targetRef: { kind: 'Pod', namespace: 'default', name: 'web-0', uid: 'uid-0' },
      },
    ],
    ports: [{ name: 'http', port: 10080, protocol: 'TCP' }],
  });
});

function conditionsOf(over: Partial<PodView>, text = WEB): unknown {
  const [slice] = slicesOfService(read<'Service'>(text), [pod(over)]);
  return (slice?.['endpoints'] as { conditions: unknown }[] | undefined)?.[0]?.conditions;
}

test('a terminating pod is not ready but serves; one that is not ready does neither', () => {
  assert.deepEqual(conditionsOf({ isTerminating: true }), { ready: false, serving: true, terminating: true });
  assert.deepEqual(conditionsOf({ isReady: false }), { ready: false, serving: false, terminating: false });
  const early = WEB.replace('spec:', 'spec:\n  publishNotReadyAddresses: true');
  assert.deepEqual(conditionsOf({ isReady: false }, early), { ready: true, serving: true, terminating: false });
});

test('pods without an address or that have ended are left out', () => {
  assert.equal(conditionsOf({ address: '' }), undefined);
  assert.equal(conditionsOf({ phase: 'Succeeded' }), undefined);
});

test('Endpoints that a person wrote become slices of a Service without a selector', () => {
  const service = read<'Service'>(
    'apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {ports: [{port: 5432}]}\n',
  );
  const endpoints = read<'Endpoints'>(
    'apiVersion: v1\nkind: Endpoints\nmetadata: {name: db}\nsubsets: [{addresses: [{ip: 10.0.0.1}], ports: [{port: 5433}]}]\n',
  );
  const [slice] = slicesOfEndpoints(service, endpoints);
  assert.deepEqual(slice?.['ports'], [{ port: 5433, name: '', protocol: 'TCP' }]);
  assert.deepEqual(slicesOfEndpoints(read<'Service'>(WEB), endpoints), []);
});
