/** What people get wrong while it runs: each is told with its place, nothing else is harmed, and mending it is enough. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAllOk } from './harness/answer.ts';
import { describeResult } from './harness/command.ts';
import { eventually } from './harness/eventually.ts';
import { TestFleet, useFleet } from './harness/test-fleet.ts';

const ONE = { cluster: 'cluster1' } as const;

interface Mistake {
  readonly name: string;
  readonly text: string;
  readonly code: string;
  /** `line:column` in the file: where the field begins. */
  readonly place: string;
}

function virtualService(spec: string, kind = 'VirtualService'): string {
  return `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata:\n  name: mistake\n  namespace: default\nspec:\n${spec}`;
}

const ROUTE = '  http:\n  - route:\n    - destination:\n        host: service\n';
const MISTAKES: readonly Mistake[] = [
  { name: 'broken YAML', text: 'kind: Service\n  name: web\n', code: 'PEL1001', place: '1:7' },
  {
    name: 'an unknown kind',
    text: virtualService(`  hosts: [a.b]\n${ROUTE}`, 'VirtualServices'),
    code: 'PEL2001',
    place: '2:1',
  },
  {
    name: 'an unknown field',
    text: virtualService(`  hosts: [a.b]\n  hostz: [a.b]\n${ROUTE}`),
    code: 'PEL2002',
    place: '8:3',
  },
  { name: 'a wrong type', text: virtualService(`  hosts: reviews\n${ROUTE}`), code: 'PEL2003', place: '7:3' },
  {
    name: 'a VirtualService to nowhere',
    text: virtualService(`  hosts: [a.b]\n${ROUTE.replace('host: service', 'host: nobody')}`),
    code: 'PEL4001',
    place: '11:9',
  },
  {
    name: 'weights that do not add up',
    text: virtualService(
      `  hosts: [a.b]\n${ROUTE}      weight: 70\n    - destination:\n        host: service.cluster2\n      weight: 20\n`,
    ),
    code: 'PEL3014',
    place: '9:5',
  },
];

describe('mistakes while it runs', () => {
  const fleet = useFleet({ example: 'two-clusters' });

  async function told(code: string): Promise<readonly string[]> {
    const { diagnostics } = await fleet.status();
    return diagnostics
      .filter((diagnostic) => diagnostic.code === code)
      .map(({ at, cause, remedy }) => {
        assert.ok(cause !== '' && remedy !== '', `${code} has no cause or no remedy`);
        return at ? `${at.file.split('/').slice(-2).join('/')}:${at.line}:${at.column}` : 'no place';
      });
  }

  for (const { name, text, code, place } of MISTAKES) {
    test(`${name}: told with its place, harmless, gone when mended`, async () => {
      const load = fleet.load(ONE, { url: 'http://service.cluster2', pauseMs: 10 });
      fleet.write('cluster1/mistake.yaml', text);
      await eventually(`${code} at ${place}`, async () => {
        assert.deepEqual(await told(code), [`cluster1/mistake.yaml:${place}`]);
        return true;
      });
      await load.next(10);
      fleet.remove('cluster1/mistake.yaml');
      await eventually(`no ${code}`, async () => (await told(code)).length === 0);
      assertAllOk(await load.stop());
    });
  }

  test('two objects of one name: told, and the first one goes on', async () => {
    const load = fleet.load(ONE, { url: 'http://service.cluster2', pauseMs: 10 });
    fleet.write(
      'cluster2/twice.yaml',
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: service\n  namespace: default\nspec:\n  ports:\n  - port: 81\n',
    );
    await eventually('PEL1004', async () => {
      const places = await told('PEL1004');
      assert.equal(places.length, 1);
      assert.match(places[0] ?? '', /^cluster2\/twice\.yaml:1:1$/);
      return true;
    });
    await load.next(10);
    fleet.remove('cluster2/twice.yaml');
    await eventually('no PEL1004', async () => (await told('PEL1004')).length === 0);
    assertAllOk(await load.stop());
  });

  test('a working file that is broken keeps its last good version', async () => {
    const load = fleet.load(ONE, { url: 'http://service.cluster2', pauseMs: 10 });
    const good = fleet.read('cluster2/service.yaml');
    fleet.write(
      'cluster2/service.yaml',
      good.replace('kind: Deployment', 'kind: Deployment\n   spec: [').replace('targetPort: 8080', 'targetPort: {}'),
    );
    await eventually('a finding in service.yaml', async () => {
      const { diagnostics } = await fleet.status();
      return diagnostics.some(({ severity, at }) => severity === 'error' && at?.file.endsWith('cluster2/service.yaml'));
    });
    await load.next(30);
    assert.equal((await fleet.pods('cluster2', 'deployment/service')).length, 2);
    fleet.write('cluster2/service.yaml', good);
    await eventually('no finding', async () =>
      (await fleet.status()).diagnostics.every(({ severity }) => severity !== 'error'),
    );
    assertAllOk(await load.stop());
    await fleet.ready();
  });

  test('apply refuses a broken object by name, place and remedy, and keeps the good one', async () => {
    const broken = fleet.read('cluster1/virtual-service.yaml').replace('- service.cluster2', '- service_cluster2!');
    const args = ['apply', '--context', 'cluster1', '-f', '-'];
    const result = await fleet.run(args, broken);
    assert.equal(result.code, 1, describeResult(args, result));
    assert.match(result.stderr, /:9:5: error PEL3001 /);
    assert.match(result.stderr, / do: /);
    assert.equal((await fleet.callOnce(ONE, 'http://service.cluster2')).status, 200);
  });
});

describe('fleets that cannot start', () => {
  test('a folder without clusters', async () => {
    const fleet = new TestFleet({});
    try {
      const result = await fleet.run(['up', fleet.dir, '--detach']);
      assert.equal(result.code, 1, describeResult(['up'], result));
      assert.match(result.stderr, /PEL6001 there are no clusters in/);
      await fleet.assertNothingRuns();
    } finally {
      fleet.endNow();
    }
  });

  test('mistakes in fleet.yaml, with their places', async () => {
    const text =
      'apiVersion: pelagos.dev/v1alpha1\nkind: Fleet\nmetadata:\n  name: f\nspec:\n  clusters:\n  - name: a1\n    primary: a9\n';
    const fleet = new TestFleet({ files: { 'fleet.yaml': text, 'a1/empty.yaml': '' } });
    try {
      const result = await fleet.run(['up', fleet.dir, '--detach']);
      assert.equal(result.code, 1, describeResult(['up'], result));
      assert.match(result.stderr, /fleet\.yaml:8:5: error PEL6002 /);
      await fleet.assertNothingRuns();
    } finally {
      fleet.endNow();
    }
  });

  test('an Envoy that is none', async () => {
    const fleet = new TestFleet({ example: 'two-clusters' });
    try {
      const result = await fleet.run(['up', fleet.dir, '--detach', '--envoy', '/bin/true']);
      assert.equal(result.code, 1, describeResult(['up'], result));
      assert.match(result.stderr, /error PEL5004 no Envoy was found \(looked at: --envoy \/bin\/true: /);
      assert.equal(result.stderr.match(/no Envoy was found/g)?.length, 1, result.stderr);
      assert.match(result.stderr, /PELAGOS_ENVOY/);
      await fleet.assertNothingRuns();
    } finally {
      fleet.endNow();
    }
  });
});
