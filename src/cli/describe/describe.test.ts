import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ObjectStore } from '../../config/index.ts';
import type { ClusterId } from '../../model/index.ts';
import { parseManifest } from '../../sources/index.ts';
import { describePod, describeService } from './describe-pod.ts';

const RULES = `
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080, targetPort: 9080}, {name: odd, port: 1}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v1}, weight: 90}, {destination: {host: reviews, subset: v2}, weight: 10}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: other}
spec: {hosts: [elsewhere], http: [{route: [{destination: {host: nothing}}]}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: callers}
spec: {selector: {matchLabels: {app: reviews}}, rules: [{}]}
`;

const objects = new ObjectStore();
const { documents } = parseManifest({ cluster: 'c' as ClusterId, file: 'rules.yaml', text: RULES });
objects.apply({ set: documents.flatMap((document) => document.objects), deleted: [] });
const around = { objects, rootNamespace: 'istio-system' };

function pod(version: string, containers: readonly string[]): unknown {
  return {
    metadata: { name: 'reviews-1', namespace: 'default', labels: { app: 'reviews', version } },
    spec: { containers: containers.map((name) => ({ name, ports: [{ containerPort: 9080 }] })) },
  };
}

test('a pod: its Services, the subsets it is in, its mTLS mode and policies', () => {
  assert.equal(
    describePod(pod('v1', ['reviews', 'istio-proxy']), around).join('\n'),
    `Pod: reviews-1
   Pod Ports: 9080 (reviews), 9080 (istio-proxy)
--------------------
Service: reviews
   Port: http 9080/HTTP targets pod port 9080
   Port: odd 1/auto-detect targets pod port 1
DestinationRule: reviews for "reviews"
   Matching subsets: v1
      (Non-matching subsets v2)
   No Traffic Policy
VirtualService: reviews
   1 HTTP route(s)
      Route: reviews/v1 90%, reviews/v2 10%
--------------------
Effective PeerAuthentication:
   Workload mTLS mode: STRICT
Applied PeerAuthentication:
   default.istio-system
Applied AuthorizationPolicy:
   callers.default (ALLOW, 1 rules)`,
  );
});

test('what is amiss with a pod is said', () => {
  const lines = describePod(pod('v3', ['reviews']), around);
  assert.ok(lines.some((line) => line.startsWith('WARNING: this pod has no proxy')));
  assert.ok(lines.includes('   WARNING: the pod is in no subset of it'));
  const lonely = describePod({ metadata: { name: 'a', namespace: 'shop', labels: {} } }, around);
  assert.ok(lonely.includes('No Service selects this pod: rules for hosts do not reach it'));
});

test('a Service and the rules for it', () => {
  const [service] = objects.ofKind('Service');
  assert.ok(service);
  assert.ok(describeService(service, around).includes('   Subsets: v1,v2'));
});
