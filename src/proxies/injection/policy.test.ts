import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Texts } from './pod.ts';
import { decideInjection } from './policy.ts';
import { injectionSettings } from './settings.ts';

interface Row {
  readonly what: string;
  /** Of the namespace; undefined where nobody looks. */
  readonly labels?: Texts;
  readonly pod?: Texts;
  readonly annotations?: Texts;
  readonly values?: object;
  readonly want: boolean;
}

const ENABLED = { 'istio-injection': 'enabled' };
const YES = { 'sidecar.istio.io/inject': 'true' };
const NO = { 'sidecar.istio.io/inject': 'false' };
const CANARY = { 'istio.io/rev': 'canary' };
const NEVER = { sidecarInjectorWebhook: { neverInjectSelector: [{ matchLabels: { app: 'x' } }] } };
const ALWAYS = {
  sidecarInjectorWebhook: {
    alwaysInjectSelector: [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['x', 'y'] }] }],
  },
};

/** Istio's table in "Automatic sidecar injection", and its revisions. */
const ROWS: readonly Row[] = [
  { what: 'namespace enabled', labels: ENABLED, want: true },
  { what: 'namespace enabled, pod says no', labels: ENABLED, pod: NO, want: false },
  { what: 'namespace enabled, pod says no by annotation', labels: ENABLED, annotations: NO, want: false },
  { what: 'the label goes before the annotation', labels: ENABLED, pod: YES, annotations: NO, want: true },
  { what: 'namespace disabled', labels: { 'istio-injection': 'disabled' }, want: false },
  { what: 'namespace disabled, pod says yes', labels: { 'istio-injection': 'disabled' }, pod: YES, want: false },
  { what: 'namespace says nothing', labels: {}, want: false },
  { what: 'namespace says nothing, pod says yes', labels: {}, pod: YES, want: true },
  { what: 'namespace of another revision', labels: CANARY, want: false },
  { what: 'namespace of another revision, pod says yes', labels: CANARY, pod: YES, want: false },
  { what: 'namespace of this revision', labels: CANARY, values: { revision: 'canary' }, want: true },
  { what: 'this revision, pod says no', labels: CANARY, pod: NO, values: { revision: 'canary' }, want: false },
  { what: 'istio-injection goes before the revision', labels: { ...ENABLED, ...CANARY }, want: true },
  { what: 'enabled means the default revision', labels: ENABLED, values: { revision: 'canary' }, want: false },
  { what: 'a tag', labels: ENABLED, values: { revision: 'canary', revisionTags: ['default'] }, want: true },
  { what: 'pod of this revision', labels: {}, pod: CANARY, values: { revision: 'canary' }, want: true },
  { what: 'pod of the default revision', labels: {}, pod: { 'istio.io/rev': 'default' }, want: true },
  { what: 'pod says yes, not to this revision', labels: {}, pod: YES, values: { revision: 'canary' }, want: false },
  {
    what: 'all namespaces by default',
    labels: {},
    values: { sidecarInjectorWebhook: { enableNamespacesByDefault: true } },
    want: true,
  },
  { what: 'nobody looked at the namespace', want: true },
  { what: 'injection is off', values: { global: { proxy: { autoInject: 'disabled' } } }, want: false },
  {
    what: 'injection is off, pod says yes',
    pod: YES,
    values: { global: { proxy: { autoInject: 'disabled' } } },
    want: true,
  },
  { what: 'never', labels: ENABLED, pod: { app: 'x' }, values: NEVER, want: false },
  { what: 'never, but the pod says yes', labels: ENABLED, pod: { app: 'x', ...YES }, values: NEVER, want: true },
  { what: 'always', labels: {}, pod: { app: 'y' }, values: ALWAYS, want: true },
  { what: 'always is for others', labels: {}, pod: { app: 'z' }, values: ALWAYS, want: false },
];

for (const { what, labels, pod = {}, annotations = {}, values = {}, want } of ROWS) {
  test(`${what}: ${want ? 'a proxy' : 'none'}`, () => {
    const given: Pod = { metadata: { labels: pod, annotations }, spec: { containers: [{ name: 'app' }] } };
    const decision = decideInjection(
      given,
      { name: 'shop', ...(labels ? { labels } : {}) },
      injectionSettings({ values }),
    );
    assert.equal(decision.kind, want ? 'inject' : 'skip', JSON.stringify(decision));
  });
}

test('pods of Kubernetes itself, and those on the network of their node, get none', () => {
  const pod: Pod = { metadata: { labels: YES }, spec: { containers: [{ name: 'app' }] } };
  const settings = injectionSettings({ values: {} });
  assert.match(reason(decideInjection(pod, { name: 'kube-system', labels: ENABLED }, settings)), /Kubernetes itself/);
  const onNode = { ...pod, spec: { ...pod.spec, hostNetwork: true } };
  assert.match(reason(decideInjection(onNode, { name: 'shop', labels: ENABLED }, settings)), /hostNetwork/);
});

function reason(decision: ReturnType<typeof decideInjection>): string {
  return decision.kind === 'skip' ? decision.reason : '';
}
