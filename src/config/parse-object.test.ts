import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterId, RawObject } from '../model/index.ts';
import { parseManifest } from '../sources/index.ts';
import { type ParsedObject, parseObject } from './index.ts';

function rawObjects(text: string): RawObject[] {
  const manifest = parseManifest({ cluster: 'c1' as ClusterId, file: 'a.yaml', text });
  assert.deepEqual(manifest.diagnostics, []);
  return manifest.documents.flatMap((document) => document.objects);
}

function parse(text: string): ParsedObject {
  const [raw] = rawObjects(text);
  assert.ok(raw);
  return parseObject(raw);
}

/** Code and place of everything that is said. */
function said(text: string): string[] {
  return parse(text).diagnostics.map(({ code, at }) => `${code} ${at?.line}:${at?.column}`);
}

function istio(kind: string, spec: string): string {
  const group = /Authorization|Authentication/.test(kind) ? 'security' : 'networking';
  return `apiVersion: ${group}.istio.io/v1\nkind: ${kind}\nmetadata:\n  name: a\nspec:\n${spec.replace(/^/gm, '  ')}\n`;
}

const ROUTE = 'http:\n- route:\n  - destination:\n      host: reviews\n';

test('a good object comes out typed, with defaults, saying nothing', () => {
  const { object, diagnostics } = parse(
    istio('ServiceEntry', 'hosts: [a.example.com]\nports: [{number: 443, name: tls, protocol: TLS}]'),
  );
  assert.deepEqual(diagnostics, []);
  assert.ok(object?.kind === 'ServiceEntry');
  assert.equal(object.spec.location, 'MESH_EXTERNAL');
  assert.equal(object.spec.resolution, 'NONE');
  assert.deepEqual(object.origin, { kind: 'file', file: 'a.yaml', line: 1, column: 1 });
});

test('an unknown field names the nearest known one, at its place', () => {
  const { object, diagnostics } = parse(istio('VirtualService', `hostz: [reviews]\n${ROUTE}`));
  assert.equal(object, undefined);
  assert.equal(diagnostics[0]?.code, 'PEL2002');
  assert.equal(diagnostics[0]?.message, 'unknown field spec.hostz - did you mean hosts?');
  assert.deepEqual(diagnostics[0]?.at, { file: 'a.yaml', line: 6, column: 3 });
  assert.equal(diagnostics[0]?.path, 'spec.hostz');
});

test('a required field with a typing error is told once', () => {
  const route = (fields: string): string => istio('VirtualService', `hosts: [a]\nhttp:\n- route:\n  - ${fields}`);
  assert.deepEqual(said(route('destinatoin: {host: b}')), ['PEL2002 9:7']);
  assert.deepEqual(said(route('elsewhere: {host: b}')), ['PEL2002 9:7', 'PEL2005 9:7']);
});

test('wrong types, values, limits and missing fields', () => {
  assert.deepEqual(said(istio('VirtualService', `hosts: reviews\n${ROUTE}`)), ['PEL2003 6:3']);
  assert.deepEqual(said(istio('PeerAuthentication', 'mtls:\n  mode: STRIKT')), ['PEL2004 7:5']);
  assert.deepEqual(said(istio('VirtualService', 'hosts: [a]\nhttp:\n- route:\n  - weight: 5')), ['PEL2005 9:7']);
  assert.deepEqual(
    said(istio('DestinationRule', 'host: a\ntrafficPolicy:\n  outlierDetection:\n    consecutive5xxErrors: -1')),
    ['PEL2006 9:7'],
  );
  assert.deepEqual(
    said(
      istio(
        'VirtualService',
        'hosts: [a]\nhttp:\n- match:\n  - uri: {exact: /a, prefix: /b}\n  route: [{destination: {host: a}}]',
      ),
    ),
    ['PEL2008 9:24'],
  );
});

test('rules in CEL are kept, at the value they are about', () => {
  assert.deepEqual(
    said(istio('AuthorizationPolicy', 'selector: {matchLabels: {app: a}}\ntargetRefs: [{kind: Service, name: a}]')),
    ['PEL2009 5:1'],
  );
  assert.deepEqual(
    said(istio('VirtualService', 'hosts: [a]\nhttp:\n- timeout: 1us\n  route: [{destination: {host: a}}]')),
    ['PEL2009 8:5'],
  );
});

test('null is refused where the API does not allow it, and is nothing in objects of Kubernetes itself', () => {
  assert.deepEqual(said(istio('VirtualService', `hosts:\n${ROUTE}`)), ['PEL2003 6:3']);
  assert.deepEqual(
    said(
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  annotations:\n  creationTimestamp: null\nspec:\n  ports: [{port: 80, name: null}]',
    ),
    [],
  );
});

test('objects of Kubernetes itself are warned of unknown fields and stay in use', () => {
  const { object, diagnostics } = parse(
    'apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  selektor: {app: a}\n  ports: [{port: 80}]',
  );
  assert.deepEqual(
    diagnostics.map(({ code, severity }) => `${severity} ${code}`),
    ['warning PEL2010'],
  );
  assert.ok(object?.kind === 'Service');
  assert.deepEqual(object.spec.ports, [{ port: 80, protocol: 'TCP', name: '', targetPort: 80 }]);
  assert.equal(object.spec.type, 'ClusterIP');
});

test('labels that are no texts are refused', () => {
  assert.deepEqual(
    said(
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n    version: 1.0\nspec: {containers: [{name: c}]}',
    ),
    ['PEL2003 6:5'],
  );
});

test('kinds without a spec have their own fields', () => {
  const { object } = parse(
    'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: a}\naddressType: IPv4\nendpoints: [{addresses: [10.0.0.1]}]\nports: [{port: 80}]',
  );
  assert.ok(object?.kind === 'EndpointSlice');
  assert.deepEqual(object.spec, {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ port: 80, name: '', protocol: 'TCP' }],
  });
});

test('every served version of a kind is taken, others are not', () => {
  for (const version of ['v1', 'v1beta1', 'v1alpha3']) {
    assert.deepEqual(
      said(istio('VirtualService', `hosts: [a]\n${ROUTE}`).replace('io/v1', `io/${version}`)),
      [],
      version,
    );
  }
  assert.deepEqual(said(istio('VirtualService', `hosts: [a]\n${ROUTE}`).replace('io/v1', 'io/v2')), ['PEL2011 1:1']);
});

test('kinds that are not acted on, kinds of others, and kinds that are typing errors', () => {
  const codes = (apiVersion: string, kind: string): string[] =>
    said(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}`).map((text) => text.slice(0, 7));
  assert.deepEqual(codes('monitoring.coreos.com/v1', 'ServiceMonitor'), ['PEL2012']);
  assert.deepEqual(codes('install.istio.io/v1alpha1', 'IstioOperator'), ['PEL2012']);
  assert.deepEqual(codes('cert-manager.io/v1', 'Certificate'), ['PEL2013']);
  assert.deepEqual(codes('v1', 'PersistentVolumeClaim'), ['PEL2013']);
  assert.deepEqual(codes('networking.istio.io/v1', 'VirtualServices'), ['PEL2001']);
  assert.match(
    parse('apiVersion: networking.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}').diagnostics[0]
      ?.message ?? '',
    /did you mean apiVersion: security\.istio\.io\/v1\?/,
  );
  assert.match(
    parse('apiVersion: apps/v1\nkind: deployment\nmetadata: {name: a}').diagnostics[0]?.message ?? '',
    /did you mean Deployment\?/,
  );
});

test('names that could not be part of a host name are refused', () => {
  assert.deepEqual(said('apiVersion: v1\nkind: Service\nmetadata: {name: My_Service}\nspec: {}'), ['PEL1009 3:12']);
  assert.deepEqual(said('apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: a.b}\nspec: {}'), [
    'PEL1009 3:21',
  ]);
});

test('what no schema can say', () => {
  assert.deepEqual(
    said(
      istio(
        'VirtualService',
        'hosts: [a]\nhttp:\n- route:\n  - destination: {host: a}\n    weight: 0\n  - destination: {host: b}\n    weight: 0',
      ),
    ),
    ['PEL3013 8:5'],
  );
  assert.deepEqual(
    said(
      istio(
        'VirtualService',
        'hosts: [a]\nhttp:\n- route:\n  - destination: {host: a}\n    weight: 1\n  - destination: {host: b}\n    weight: 3',
      ),
    ),
    ['PEL3014 8:5'],
  );
  assert.deepEqual(said(istio('DestinationRule', 'host: a\nsubsets:\n- name: v1\n- name: v1')), ['PEL3002 9:5']);
  assert.deepEqual(
    said(istio('Gateway', 'servers:\n- hosts: ["*"]\n  port: {number: 443, name: https, protocol: HTTPS}')),
    ['PEL3018 7:5'],
  );
});

test('the services of a member cluster can be imported by a bare wildcard, and nothing else by DNS', () => {
  const entry = (host: string, location: string): string =>
    istio(
      'ServiceEntry',
      `hosts: ["${host}"]\nlocation: ${location}\nresolution: DNS\nports: [{number: 80, name: http, protocol: HTTP}]`,
    );
  assert.deepEqual(said(entry('*.cluster2', 'MESH_INTERNAL')), []);
  assert.deepEqual(said(entry('*.cluster2', 'MESH_EXTERNAL')), ['PEL3026 6:11']);
  assert.deepEqual(said(entry('*.example.com', 'MESH_INTERNAL')), ['PEL3026 6:11']);
});

test('depth, and the number of findings, are limited', () => {
  const deep = `${'{a: '.repeat(100)}1${'}'.repeat(100)}`;
  const plugin = `apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: a}\nspec: {url: "http://a", pluginConfig: ${deep}}`;
  assert.ok(parse(plugin).object);
  const fields = Array.from({ length: 200 }, (_, index) => `field${index}: 1`).join('\n');
  assert.ok(parse(istio('VirtualService', fields)).diagnostics.length <= 50);
});
