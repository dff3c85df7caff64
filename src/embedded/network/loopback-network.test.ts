import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { ClusterId } from '../../model/index.ts';
import { openLoopbackNetwork } from './loopback-network.ts';

const CLUSTER = 'cluster1' as ClusterId;
const HTTP = [{ port: 8080, target: 8080 }];

test('each pod has its own address and the ports of its manifest; the application is elsewhere', {
  skip: process.platform !== 'linux',
}, async () => {
  const network = await openLoopbackNetwork();
  try {
    const first = await network.openPod({ cluster: CLUSTER, proxy: 'sidecar', ports: HTTP });
    const second = await network.openPod({ cluster: CLUSTER, proxy: 'sidecar', ports: HTTP });
    const other = await network.openPod({ cluster: 'cluster2' as ClusterId, proxy: 'sidecar', ports: HTTP });
    assert.notEqual(first.address, second.address);
    assert.notEqual(first.address.split('.')[2], other.address.split('.')[2]);
    assert.deepEqual(first.bound.get(8080), { address: first.address, port: 8080 });
    assert.deepEqual(first.httpProxy, { address: first.address, port: 15001 });
    assert.equal(first.app.get(8080)?.address, '127.0.0.1');
    assert.notEqual(first.app.get(8080)?.port, second.app.get(8080)?.port);
  } finally {
    await network.close();
  }
});

test('without a sidecar the application has the pod address itself', async () => {
  const network = await openLoopbackNetwork();
  try {
    const pod = await network.openPod({ cluster: CLUSTER, proxy: 'none', ports: HTTP });
    assert.deepEqual(pod.app, pod.bound);
    assert.equal(pod.httpProxy, undefined);
  } finally {
    await network.close();
  }
});

test('privileged ports move up by 10000, past those that are taken', {
  skip: process.platform !== 'linux',
}, async () => {
  const network = await openLoopbackNetwork();
  try {
    const ports = [10080, 80].map((port) => ({ port, target: port }));
    const pod = await network.openPod({ cluster: CLUSTER, proxy: 'none', ports });
    assert.equal(pod.bound.get(10080)?.port, 10080);
    assert.equal(pod.bound.get(80)?.port, 10081);
  } finally {
    await network.close();
  }
});

test('a gateway is bound at the target ports of its Services', { skip: process.platform !== 'linux' }, async () => {
  const network = await openLoopbackNetwork();
  try {
    const ports = [
      { port: 80, target: 8080 },
      { port: 15443, target: 15443 },
    ];
    const { gatewayBinds, address, app } = await network.openPod({ cluster: CLUSTER, proxy: 'gateway', ports });
    assert.deepEqual(gatewayBinds, [
      { port: 80, bind: { address, port: 8080 } },
      { port: 8080, bind: { address, port: 8080 } },
      { port: 15443, bind: { address, port: 15443 } },
    ]);
    assert.equal(app.size, 0);
  } finally {
    await network.close();
  }
});

test('an address that was given back rests before it is used again', async () => {
  const network = await openLoopbackNetwork();
  try {
    const first = await network.openPod({ cluster: CLUSTER, proxy: 'none', ports: HTTP });
    first.release();
    const second = await network.openPod({ cluster: CLUSTER, proxy: 'none', ports: HTTP });
    assert.notDeepEqual(first.bound, second.bound);
  } finally {
    await network.close();
  }
});

test('two networks at once do not meet', async () => {
  const [one, two] = [await openLoopbackNetwork(), await openLoopbackNetwork()];
  try {
    const a = await one.serviceSocket({ role: 'control-plane', index: 0, port: 15012 });
    const b = await two.serviceSocket({ role: 'control-plane', index: 0, port: 15012 });
    assert.notDeepEqual(a, b);
  } finally {
    await one.close();
    await two.close();
  }
});

test('a port that another program has is passed over', async () => {
  const network = await openLoopbackNetwork('darwin');
  const probe = await network.openPod({ cluster: CLUSTER, proxy: 'none', ports: HTTP });
  const port = (probe.bound.get(8080)?.port ?? 0) + 1;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
  try {
    const pod = await network.openPod({ cluster: CLUSTER, proxy: 'none', ports: HTTP });
    assert.equal(pod.address, '127.0.0.1');
    assert.notEqual(pod.bound.get(8080)?.port, port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
    await network.close();
  }
});
