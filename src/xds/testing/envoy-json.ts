import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { ClusterId, Resource } from '../../model/index.ts';
import type { XdsType } from '../xds-type.ts';

const DESCRIPTORS = new URL('../../envoy/descriptors.binpb.gz', import.meta.url);
let loaded: FileRegistry | undefined;

function registry(): FileRegistry {
  loaded ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, gunzipSync(readFileSync(DESCRIPTORS))));
  return loaded;
}

/** The descriptor of a message by its full name. */
export function messageNamed(name: string): DescMessage {
  const found = registry().getMessage(name);
  if (!found) throw new Error(`${name} is not among Envoy's descriptors`);
  return found;
}

/** A resource from Envoy's own JSON, with a content hash as its version. */
export function envoyResource(type: XdsType, name: string, json: JsonValue): Resource {
  const message = messageNamed(type.url.slice(type.url.indexOf('/') + 1));
  const bytes = toBinary(message, fromJson(message, json, { registry: registry() }));
  return {
    type: type.url,
    name,
    version: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
    bytes,
    aliases: name.includes('/') ? [name] : [],
    origin: [{ cluster: 'cluster1' as ClusterId, kind: 'Service', namespace: 'default', name }],
  };
}
