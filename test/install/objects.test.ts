/** Every object of an installation, for the values that people have: `--test-update-snapshots` writes the files anew. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { type InstallValues, meshObjects, readDefinitions, readInstallValues } from '../../src/install/index.ts';
import type { KubernetesObject } from '../../src/kubernetes-api/index.ts';

const WANT = join(import.meta.dirname, 'want');
const WEBHOOKS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];

function values(...sets: readonly string[]): InstallValues {
  return readInstallValues({ files: [], sets, context: 'cluster1', env: {} }).values;
}

function objects(from: InstallValues): readonly KubernetesObject[] {
  return meshObjects(from, { definitions: [], pilotAddress: '192.0.2.10' });
}

const CASES: Readonly<Record<string, readonly string[]>> = {
  default: [],
  'minimal-revision': [
    'profile=minimal',
    'revision=canary',
    'values.pilot.autoscaleEnabled=false',
    'values.pilot.replicaCount=2',
  ],
  remote: ['profile=remote', 'values.global.remotePilotAddress=192.0.2.10'],
};

for (const [name, sets] of Object.entries(CASES)) {
  test(`the objects of ${name} are those of test/install/want/${name}.yaml`, (context) => {
    const texts = objects(values(...sets)).map((object) =>
      stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 }),
    );
    context.assert.fileSnapshot(texts.join('---\n'), join(WANT, `${name}.yaml`), { serializers: [String] });
  });
}

test('equal values give equal objects, and no two objects have one name', () => {
  assert.deepEqual(objects(values()), objects(values()));
  const names = objects(values('profile=demo')).map(
    ({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`,
  );
  assert.deepEqual(names, [...new Set(names)]);
});

test('two revisions share only what belongs to all of them', () => {
  const key = ({ kind, metadata }: KubernetesObject): string => `${kind} ${metadata.name}`;
  const first = new Set(objects(values('profile=minimal')).map(key));
  const shared = objects(values('profile=minimal', 'revision=canary')).filter((object) => first.has(key(object)));
  assert.ok(shared.length > 0);
  for (const { metadata } of shared)
    assert.equal(metadata.labels?.['operator.istio.io/component'], 'Base', metadata.name);
});

test('no container has more rights than it needs', () => {
  const pods = objects(values('profile=demo')).filter(({ kind }) => kind === 'Deployment');
  assert.equal(pods.length, 4);
  for (const { metadata, spec } of pods) {
    const pod = (spec as { template: { spec: PodShape } }).template.spec;
    for (const { securityContext: own } of pod.containers) {
      const context = { ...pod.securityContext, ...own };
      assert.deepEqual(
        [
          context.runAsNonRoot,
          context.allowPrivilegeEscalation,
          context.readOnlyRootFilesystem,
          context.seccompProfile,
        ],
        [true, false, true, { type: 'RuntimeDefault' }],
        metadata.name,
      );
      assert.deepEqual(context.capabilities, { drop: ['ALL'] });
    }
  }
});

interface Security {
  readonly runAsNonRoot?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly seccompProfile?: unknown;
  readonly capabilities?: unknown;
}

interface PodShape {
  readonly securityContext?: Security;
  readonly containers: readonly { readonly securityContext?: Security }[];
}

test('one role reads the secrets of gateways, none writes what it only has to read', () => {
  const roles = objects(values()).filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role');
  for (const { kind, metadata, rules } of roles) {
    for (const rule of rules as readonly Readonly<Record<string, readonly string[]>>[]) {
      assert.ok(!rule['verbs']?.includes('*'), metadata.name);
      const isReading = rule['verbs']?.every((verb) => ['get', 'list', 'watch'].includes(verb));
      const isOfSecrets = rule['resources']?.includes('secrets');
      assert.ok(
        kind === 'Role' || !isOfSecrets || (isReading && /^istiod-clusterrole/.test(metadata.name)),
        metadata.name,
      );
      assert.ok(isReading || !rule['resources']?.includes('*'), metadata.name);
    }
  }
});

test('webhooks come after the control plane, and leave the authority to it', () => {
  const kinds = objects(values()).map(({ kind = '' }) => kind);
  assert.ok(WEBHOOKS.every((kind) => kinds.indexOf(kind) > kinds.indexOf('Deployment')));
  assert.doesNotMatch(JSON.stringify(objects(values())), /caBundle/);
});

test('validation, budgets and forwarding of names can be declined', () => {
  const kinds = (...sets: readonly string[]): readonly string[] =>
    objects(values(...sets)).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const declined = kinds(
    'values.global.configValidation=false',
    'values.global.defaultPodDisruptionBudget.enabled=false',
    'values.pilot.dns.coredns=off',
  );
  assert.ok(!declined.some((name) => /Validating|DisruptionBudget|coredns/.test(name)));
  assert.ok(kinds().some((name) => /coredns/.test(name)));
});

test('the definitions are those of every kind of the Istio API', () => {
  const groups = new Set(readDefinitions().map(({ spec }) => spec.group));
  assert.deepEqual([...groups].sort(), [
    'extensions.istio.io',
    'multicluster.x-k8s.io',
    'networking.istio.io',
    'security.istio.io',
    'telemetry.istio.io',
  ]);
});
