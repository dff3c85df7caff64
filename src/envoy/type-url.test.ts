import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESOURCE_SCHEMAS } from './resource-schemas.ts';
import { parseTypeUrl, shortNameOf, TYPE_URL, TYPE_URLS } from './type-url.ts';

test('every type URL names the message that is sent under it', () => {
  for (const type of TYPE_URLS) assert.equal(type, `type.googleapis.com/${RESOURCE_SCHEMAS[type].typeName}`);
});

test('a type is read by its URL and by its short name in any case', () => {
  for (const type of TYPE_URLS) {
    const short = shortNameOf(type);
    assert.ok(short);
    assert.equal(TYPE_URL[short], type);
    assert.equal(parseTypeUrl(type), type);
    assert.equal(parseTypeUrl(short.toLowerCase()), type);
  }
});

test('any other text is no type', () => {
  for (const text of ['', 'XDS', 'envoy.config.cluster.v3.Cluster', 'toString']) {
    assert.equal(parseTypeUrl(text), undefined);
    assert.equal(shortNameOf(text), undefined);
  }
});
