/** Istio's simulation cases: calls of sidecars and gateways end where Istio sends them, or with the same kind of error. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findCases, NO_CASES } from './cases-folder.ts';
import { proxyOfCase, resultOf, type SimulationCase } from './simulated-call.ts';

/** Where we do otherwise, and why. */
const OTHERWISE: ReadonlySet<string> = new Set([
  // Istio gives Envoy a listener that it refuses; here the older Gateway has the name.
  'TestGatewayConflicts/duplicate_tls_gateway call',
]);

const folder = findCases('simulation');

if (folder === undefined) test('simulation cases', { skip: NO_CASES }, () => {});
else for (const found of readCases(join(folder, 'cases.jsonl'))) test(found.test, () => check(found));

function readCases(file: string): readonly SimulationCase[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as SimulationCase);
}

/** Names of Envoy clusters may carry the cluster's domain or not, as Istio's cases have them both ways. */
function check(found: SimulationCase): void {
  const site = proxyOfCase(found);
  const short = (name: string): string => name.replace(/\.svc\.cluster\.local$/, '');
  for (const { name, call, expect } of found.calls) {
    const { cluster, error } = resultOf(site, call, found.proxy.type);
    const holds = (expect.cluster === '' || short(cluster) === short(expect.cluster)) && error === expect.error;
    if (OTHERWISE.has(`${found.test} ${name}`)) assert.ok(!holds, `${name}: now as Istio does it`);
    else assert.ok(holds, `${name}: ${cluster || error || 'nothing'}, not ${expect.cluster || expect.error}`);
  }
}
