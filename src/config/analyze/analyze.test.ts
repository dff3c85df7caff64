import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDiagnostic } from '../../diagnostics/index.ts';
import type { ClusterId } from '../../model/index.ts';
import { parseManifest } from '../../sources/index.ts';
import { ObjectStore } from '../object-store.ts';
import { analyze } from './analyze.ts';
import { canonicalHost, knowledgeOf } from './mesh-knowledge.ts';

function findings(text: string, clusters: readonly string[] = ['c1', 'cluster2']): string[] {
  const store = new ObjectStore();
  const manifest = parseManifest({ cluster: 'c1' as ClusterId, file: 'a.yaml', text });
  store.apply({ set: manifest.documents.flatMap((document) => document.objects), deleted: [] });
  assert.deepEqual(
    store
      .diagnostics()
      .filter(({ severity }) => severity === 'error')
      .map(formatDiagnostic),
    [],
  );
  const found = analyze(store, knowledgeOf([store], clusters as ClusterId[]));
  return found.map(({ code, object, path }) => `${code} ${object?.name} ${path}`);
}

const SERVICE = '\n---\n{apiVersion: v1, kind: Service, metadata: {name: reviews}, spec: {ports: [{port: 80}]}}';

function virtualService(name: string, spec: string): string {
  return `\n---\n{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: ${name}}, spec: {${spec}}}`;
}

function routeTo(destination: string): string {
  return `hosts: [reviews], http: [{route: [{destination: {${destination}}}]}]`;
}

test('a destination that exists in one of its spellings is found', () => {
  for (const host of [
    'reviews',
    'reviews.default',
    'reviews.default.svc',
    'reviews.default.svc.cluster.local',
    'reviews.cluster2',
  ]) {
    assert.deepEqual(findings(SERVICE + virtualService('a', routeTo(`host: ${host}`))), [], host);
  }
});

test('a destination that nobody gives', () => {
  assert.deepEqual(findings(SERVICE + virtualService('a', routeTo('host: revews'))), [
    'PEL4001 a spec.http[0].route[0].destination.host',
  ]);
  assert.deepEqual(findings(SERVICE + virtualService('a', routeTo('host: reviews.cluster3'))), [
    'PEL4001 a spec.http[0].route[0].destination.host',
  ]);
});

test('a mirror that nobody gives', () => {
  const spec = 'hosts: [reviews], http: [{route: [{destination: {host: reviews}}], mirror: {host: shadow}}]';
  assert.deepEqual(findings(SERVICE + virtualService('a', spec)), ['PEL4001 a spec.http[0].mirror.host']);
});

test('a wildcard ServiceEntry gives all hosts below it', () => {
  const entry =
    '\n---\n{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: e}, spec: {hosts: ["*.example.com"], ports: [{number: 443, name: tls, protocol: TLS}]}}';
  assert.deepEqual(findings(entry + virtualService('a', routeTo('host: api.example.com, port: {number: 443}'))), []);
});

test('a subset that no DestinationRule defines, and one that is', () => {
  const rule =
    '\n---\n{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: r}, spec: {host: reviews.default.svc.cluster.local, subsets: [{name: v1, labels: {version: v1}}]}}';
  assert.deepEqual(findings(SERVICE + rule + virtualService('a', routeTo('host: reviews, subset: v1'))), []);
  assert.deepEqual(findings(SERVICE + rule + virtualService('a', routeTo('host: reviews, subset: v2'))), [
    'PEL4002 a spec.http[0].route[0].destination.subset',
  ]);
});

test('a port that the host does not have', () => {
  assert.deepEqual(findings(SERVICE + virtualService('a', routeTo('host: reviews, port: {number: 81}'))), [
    'PEL4009 a spec.http[0].route[0].destination.port',
  ]);
});

test('gateways that do not exist or do not serve the host', () => {
  const gateway =
    '\n---\n{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: edge}, spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example.com"]}]}}';
  const bound = (host: string, gateways: string): string =>
    virtualService('a', `hosts: [${host}], gateways: [${gateways}], http: [{route: [{destination: {host: reviews}}]}]`);
  assert.deepEqual(findings(SERVICE + gateway + bound('a.example.com', 'edge')), []);
  assert.deepEqual(findings(SERVICE + gateway + bound('a.example.com', 'default/edge, mesh')), []);
  assert.deepEqual(findings(SERVICE + gateway + bound('a.example.com', 'egde')), ['PEL4003 a spec.gateways[0]']);
  assert.deepEqual(findings(SERVICE + gateway + bound('a.other.com', 'edge')), ['PEL4007 a spec.hosts[0]']);
});

test('two VirtualServices for one host on the same gateways', () => {
  const both =
    virtualService('a', routeTo('host: reviews')) +
    virtualService('b', routeTo('host: reviews').replace('[reviews]', '[reviews.default.svc.cluster.local]'));
  assert.deepEqual(findings(SERVICE + both), ['PEL4004 b spec.hosts[0]']);
  const apart =
    virtualService('a', `${routeTo('host: reviews')}, exportTo: [x]`) +
    virtualService('b', `${routeTo('host: reviews')}, exportTo: [y]`);
  assert.deepEqual(findings(SERVICE + apart), []);
});

test('two DestinationRules for one host', () => {
  const rule = (name: string): string =>
    `\n---\n{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: ${name}}, spec: {host: reviews}}`;
  assert.deepEqual(findings(SERVICE + rule('a') + rule('b')), ['PEL4005 b spec.host']);
});

test('selectors that select nobody, where workloads are known', () => {
  const policy =
    '\n---\n{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: p}, spec: {selector: {matchLabels: {app: web}}}}';
  const pod = (app: string): string =>
    `\n---\n{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: ${app}}}, spec: {containers: [{name: c}]}}`;
  assert.deepEqual(findings(policy), []);
  assert.deepEqual(findings(policy + pod('web')), []);
  assert.deepEqual(findings(policy + pod('api')), ['PEL4006 p spec.selector']);
});

test('two policies of a namespace without a selector', () => {
  const policy = (name: string): string =>
    `\n---\n{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: ${name}}, spec: {mtls: {mode: STRICT}}}`;
  assert.deepEqual(findings(policy('a') + policy('b')), ['PEL4011 b spec']);
});

test('secrets and namespaces that do not exist', () => {
  const gateway =
    '\n---\n{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: edge}, spec: {servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*.example.com"], tls: {mode: SIMPLE, credentialName: cert}}]}}';
  const secret = '\n---\n{apiVersion: v1, kind: Secret, metadata: {name: cert}}';
  assert.deepEqual(findings(gateway), ['PEL4012 edge spec.servers[0].tls.credentialName']);
  assert.deepEqual(findings(gateway + secret), []);
  const policy =
    '\n---\n{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: p}, spec: {rules: [{from: [{source: {namespaces: [defalt]}}]}]}}';
  const namespace = '\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: default}}';
  assert.deepEqual(findings(policy + namespace), ['PEL4013 p spec.rules[0].from[0].source.namespaces[0]']);
});

test('names of a service are one name', () => {
  assert.equal(canonicalHost('reviews', 'shop'), 'reviews.shop');
  assert.equal(canonicalHost('Reviews.shop.svc.cluster.local.', 'x'), 'reviews.shop');
  assert.equal(canonicalHost('*.example.com', 'x'), '*.example.com');
});
