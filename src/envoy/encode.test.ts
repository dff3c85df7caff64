import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { contentHash } from './content-hash.ts';
import { encodeResource } from './encode.ts';
import { ClusterSchema } from './gen/envoy/config/cluster/v3/cluster_pb.ts';
import { decodeResource } from './resource-schemas.ts';
import { TYPE_URL } from './type-url.ts';

test('equal messages have equal bytes and versions, other messages others', () => {
  const one = encodeResource(ClusterSchema, { name: 'a', altStatName: 'x' });
  const same = encodeResource(ClusterSchema, create(ClusterSchema, { altStatName: 'x', name: 'a' }));
  assert.deepEqual(one, same);
  assert.match(one.version, /^[0-9a-f]{16}$/);
  assert.equal(
    one.version,
    contentHash(toBinary(ClusterSchema, create(ClusterSchema, { name: 'a', altStatName: 'x' }))),
  );
  assert.notEqual(encodeResource(ClusterSchema, { name: 'b' }).version, one.version);
});

test('a resource is read back by its type', () => {
  const { bytes } = encodeResource(ClusterSchema, { name: 'a' });
  assert.equal(decodeResource(TYPE_URL.CDS, bytes).name, 'a');
  assert.throws(() => decodeResource(TYPE_URL.CDS, Uint8Array.of(10, 200, 1)));
});
