import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMeshConfig, readPlainYaml } from './mesh-settings.ts';

test('a value that cannot be leaves the one from before, and is told', () => {
  const { config: before, remarks: none } = readMeshConfig('trustDomain: a.example\naccessLogFile: /dev/stdout\n');
  assert.deepEqual(none, []);
  const { config, remarks } = readMeshConfig('trustDomain: {}\naccessLogFile: /dev/null\nfoo: 1\n', before);
  assert.deepEqual([config.trustDomain, config.accessLogFile], ['a.example', '/dev/null']);
  assert.deepEqual(remarks, ['foo is not acted on', 'trustDomain is {}, which it cannot be']);
  assert.equal(readMeshConfig('a: [', before).config, before);
});

test('values that are no YAML leave those from before', () => {
  const { value } = readPlainYaml('global: {hub: registry.example}', undefined);
  assert.deepEqual(value, { global: { hub: 'registry.example' } });
  const broken = readPlainYaml('global: {hub: [', value);
  assert.equal(broken.value, value);
  assert.match(broken.remark ?? '', /^it is no YAML: /);
  assert.deepEqual(readPlainYaml('', value), { value: null });
});
