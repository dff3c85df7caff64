import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EAST, istioctl } from '../../harness/two-regions.ts';
import type { TwoRegions } from '../regions.test.ts';

const TARGET = 'deployment/service';
const IN_EAST = ['--context', EAST] as const;

/** What stands in a table's column of this heading. */
function columnOf(table: string, heading: string): readonly string[] {
  const [head = '', ...rows] = table.trimEnd().split('\n');
  const start = head.indexOf(heading);
  return rows.map((row) => row.slice(start).split(/\s{2,}/)[0] ?? '');
}

/** Of proxies and the control plane. */
export function proxyCommandTests(get: () => TwoRegions): void {
  const run = (...args: readonly string[]): Promise<string> => istioctl(get().lab, ...args, ...IN_EAST);

  test('istioctl version: the command, the control plane, the proxies', async () => {
    const [client, controlPlane, dataPlane] = (await run('version')).trimEnd().split('\n');
    assert.match(client ?? '', /^client version: \d+\.\d+\.\d+$/);
    assert.match(controlPlane ?? '', /^control plane version: \d+\.\d+\.\d+$/);
    assert.equal(dataPlane, 'data plane version: envoy 1.40.0 (5 proxies)');
  });

  test('istioctl proxy-status: every proxy of the region, with what it has taken', async () => {
    const table = await run('proxy-status');
    assert.match(table, /^NAME\s+CLUSTER\s+CDS\s+LDS\s+EDS\s+RDS\s+.*ISTIOD\s+VERSION\n/);
    assert.equal(columnOf(table, 'NAME').filter((name) => /^service-.*\.default$/.test(name)).length, 3);
    assert.deepEqual([...new Set(columnOf(table, 'CLUSTER'))], [EAST]);
    assert.deepEqual([...new Set(columnOf(table, 'CDS'))], ['SYNCED']);
  });

  test('istioctl remote-clusters: those that are read, the own one first', async () => {
    const [head, own, other] = (await run('remote-clusters')).split('\n');
    assert.match(head ?? '', /^NAME\s+SECRET\s+STATUS\s+ISTIOD$/);
    assert.match(own ?? '', /^us-east\s+synced\s+istiod-\S+$/);
    assert.match(other ?? '', /^us-west\s+istio-system\/istio-remote-secret-us-west\s+synced\s+istiod-\S+$/);
  });

  test('istioctl proxy-config: every part of an Envoy, as tables and as JSON', async () => {
    const show = (what: string, ...more: readonly string[]): Promise<string> =>
      run('proxy-config', what, TARGET, ...more);
    const clusters = await show('clusters', '--fqdn', 'service.us-west');
    assert.match(clusters, /^SERVICE FQDN\s+PORT\s+SUBSET\s+DIRECTION\s+TYPE\s+DESTINATION RULE\n/);
    assert.match(clusters, /^service\.us-west\s+80\s+-\s+outbound\s+EDS\s+one-request-a-connection\.default$/m);
    const routes = await show('routes', '--name', '80');
    assert.match(routes, /^NAME\s+VHOST NAME\s+DOMAINS\s+MATCH\s+VIRTUAL SERVICE\n/);
    assert.match(routes, /service\.global\s+\/\*\s+global-service\.default$/m);
    const endpoints = await show('endpoints', '--cluster', 'outbound|80||service.us-west');
    assert.equal(endpoints.match(/us-west\/default\/service-\S+\s+HEALTHY\s+OK/g)?.length, 3, endpoints);
    const listeners = await show('listeners', '--port', '15006');
    assert.match(listeners, /^ADDRESSES\s+PORT\s+MATCH\s+DESTINATION\n/);
    const secrets = await show('secret');
    assert.match(secrets, /^RESOURCE NAME\s+TYPE\s+STATUS\s+VALID CERT\s+SERIAL NUMBER\s+NOT AFTER\s+NOT BEFORE/);
    assert.match(secrets, /^default\s+Cert Chain\s+ACTIVE\s+true/m);
    assert.match(await show('bootstrap'), /"CLUSTER_ID": "us-east"/);
    assert.equal(await show('ecds'), '');
    for (const heading of ['SERVICE FQDN', 'ADDRESSES', 'VHOST NAME', 'ENDPOINT', 'RESOURCE NAME']) {
      assert.ok((await show('all')).includes(heading), heading);
    }
    const all = await show('all', '-o', 'json');
    assert.ok(Array.isArray((JSON.parse(all) as { readonly clusters: unknown }).clusters));
    assert.doesNotMatch(all, /PRIVATE KEY/);
  });
}

export function logLevelTests(get: () => TwoRegions): void {
  const run = (...args: readonly string[]): Promise<string> => istioctl(get().lab, ...args, ...IN_EAST);

  test('istioctl proxy-config log: levels change at once, and go back', async () => {
    const log = (...more: readonly string[]): Promise<string> => run('proxy-config', 'log', TARGET, ...more);
    assert.match(await log(), /^service-\S+\.default:\nactive loggers:\n[\s\S]* {2}http: warning\n/);
    assert.match(await log('--level', 'http:debug,rbac:trace'), / {2}http: debug\n[\s\S]* {2}rbac: trace\n/);
    assert.match(await log('--reset'), / {2}http: warning\n[\s\S]* {2}rbac: warning\n/);
  });

  test('istioctl admin log: the same of the control plane', async () => {
    const levelOf = async (scope: string): Promise<string | undefined> =>
      new RegExp(`^${scope} .*\\s(\\w+)$`, 'm').exec(await run('admin', 'log'))?.[1];
    assert.equal(await levelOf('ads'), 'info');
    await run('admin', 'log', '--level', 'ads:debug');
    assert.deepEqual([await levelOf('ads'), await levelOf('source')], ['debug', 'info']);
    await run('admin', 'log', '--reset');
    assert.equal(await levelOf('ads'), 'info');
  });
}
