/** Each folder below `cases` is a pod and what becomes of it. `--test-update-snapshots` writes what becomes of it anew. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { injectionSettings, injectPod, parsePod } from '../../src/proxies/index.ts';

const CASES = join(import.meta.dirname, 'cases');

interface Case {
  readonly why: string;
  readonly values?: unknown;
  readonly mesh?: unknown;
  /** Shows the proxy's own configuration too. */
  readonly bootstrap?: true;
  readonly pod: unknown;
}

const asText = { serializers: [(value: unknown) => String(value)] };

for (const name of readdirSync(CASES)) {
  test(name, (t) => {
    const { values, mesh, pod, bootstrap } = parse(readFileSync(join(CASES, name, 'case.yaml'), 'utf8')) as Case;
    const settings = injectionSettings({ values, mesh, cluster: 'cluster1', network: 'network1' });
    const given = parsePod(pod);
    if (typeof given === 'string') throw new Error(given);
    const result = injectPod(given, { name: 'default' }, settings);
    if (result.kind === 'skipped') throw new Error(result.reason);
    const configs: unknown[] = [];
    const shown = JSON.parse(JSON.stringify(result.pod), (key, value) => {
      if (key !== 'args') return value;
      const at = value.indexOf('--config-yaml') + 1;
      configs.push(JSON.parse(value[at]));
      return value.with(at, '(the bootstrap)');
    });
    const text = stringify({ warnings: result.warnings, pod: shown }, { lineWidth: 0, aliasDuplicateObjects: false });
    t.assert.fileSnapshot(text, join(CASES, name, 'want', 'pod.yaml'), asText);
    if (!bootstrap) return;
    const config = stringify(configs[0], { lineWidth: 0, aliasDuplicateObjects: false });
    t.assert.fileSnapshot(config, join(CASES, name, 'want', 'bootstrap.yaml'), asText);
  });
}
