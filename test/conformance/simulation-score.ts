/** How many calls of Istio's simulation cases end where they must: `node test/conformance/simulation-score.ts`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCases, NO_CASES } from './cases-folder.ts';
import { proxyOfCase, resultOf, type SimulationCase } from './simulated-call.ts';

const folder = findCases('simulation');
if (folder) score(join(folder, 'cases.jsonl'));
else process.stdout.write(`${NO_CASES}\n`);

function score(file: string): void {
  let passed = 0;
  let all = 0;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    const found = JSON.parse(line) as SimulationCase;
    const problems = problemsOf(found);
    passed += found.calls.length - problems.length;
    all += found.calls.length;
    process.stdout.write(
      `${found.calls.length - problems.length}/${found.calls.length} ${found.test}\n${problems.map((text) => `  ${text}\n`).join('')}`,
    );
  }
  process.stdout.write(`${passed} of ${all} calls\n`);
}

/** Names of Envoy clusters may carry the cluster's domain or not, as Istio's cases have them both ways. */
function problemsOf(found: SimulationCase): readonly string[] {
  const site = proxyOfCase(found);
  const short = (name: string): string => name.replace(/\.svc\.cluster\.local$/, '');
  return found.calls.flatMap(({ name, call, expect }) => {
    const { cluster, error } = resultOf(site, call, found.proxy.type);
    const holds = (expect.cluster === '' || short(cluster) === short(expect.cluster)) && error === expect.error;
    return holds
      ? []
      : [`${name}: ${cluster || error || 'nothing'} instead of ${expect.cluster || expect.error || 'no error'}`];
  });
}
