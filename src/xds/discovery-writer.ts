import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Resource } from '../model/index.ts';
import type { DeltaItem, DeltaResponse, SotwResponse } from './discovery-message.ts';

/*
 * Responses are joined from the resources' own bytes: nothing is encoded again, and each body is copied once, into
 * the response. Lengths of the nested messages (Resource, Any) are computed, so no part is built twice.
 */

/** A message in parts, with the sum of their lengths. */
interface Parts {
  readonly chunks: readonly Uint8Array[];
  readonly length: number;
}

function parts(...chunks: Uint8Array[]): Parts {
  return { chunks, length: chunks.reduce((sum, chunk) => sum + chunk.length, 0) };
}

function text(writer: BinaryWriter, fieldNo: number, value: string): void {
  if (value !== '') writer.tag(fieldNo, WireType.LengthDelimited).string(value);
}

function message(writer: BinaryWriter, fieldNo: number, body: Parts): void {
  writer.tag(fieldNo, WireType.LengthDelimited).uint32(body.length);
  for (const chunk of body.chunks) writer.raw(chunk);
}

/** google.protobuf.Any. */
function anyOf(resource: Resource): Parts {
  const head = new BinaryWriter();
  text(head, 1, resource.type);
  if (resource.bytes.length > 0) head.tag(2, WireType.LengthDelimited).uint32(resource.bytes.length);
  return parts(head.finish(), resource.bytes);
}

/** envoy.service.discovery.v3.Resource: version 1, resource 2, name 3, aliases 4. */
function deltaItem(item: DeltaItem): Parts {
  const head = new BinaryWriter();
  const tail = new BinaryWriter();
  if (item.kind === 'none') {
    text(head, 1, item.version);
    text(tail, 3, item.name);
    text(tail, 4, item.name);
    return parts(head.finish(), tail.finish());
  }
  const { resource } = item;
  const any = anyOf(resource);
  text(head, 1, resource.version);
  head.tag(2, WireType.LengthDelimited).uint32(any.length);
  text(tail, 3, resource.name);
  for (const alias of resource.aliases) tail.tag(4, WireType.LengthDelimited).string(alias);
  return parts(head.finish(), ...any.chunks, tail.finish());
}

/** envoy.config.core.v3.ControlPlane: identifier 1. */
function controlPlane(identifier: string): Parts {
  const writer = new BinaryWriter();
  text(writer, 1, identifier);
  return parts(writer.finish());
}

function finish(writer: BinaryWriter): Buffer {
  const bytes = writer.finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Encodes a DeltaDiscoveryResponse: resources 2, type_url 4, nonce 5, removed_resources 6, control_plane 7. */
export function writeDeltaResponse(response: DeltaResponse): Buffer {
  const writer = new BinaryWriter();
  for (const item of response.items) message(writer, 2, deltaItem(item));
  text(writer, 4, response.typeUrl);
  text(writer, 5, response.nonce);
  for (const name of response.removed) writer.tag(6, WireType.LengthDelimited).string(name);
  if (response.controlPlane !== '') message(writer, 7, controlPlane(response.controlPlane));
  return finish(writer);
}

/** Encodes a DiscoveryResponse: version_info 1, resources 2, type_url 4, nonce 5, control_plane 6. */
export function writeSotwResponse(response: SotwResponse): Buffer {
  const writer = new BinaryWriter();
  text(writer, 1, response.versionInfo);
  for (const resource of response.resources) message(writer, 2, anyOf(resource));
  text(writer, 4, response.typeUrl);
  text(writer, 5, response.nonce);
  if (response.controlPlane !== '') message(writer, 6, controlPlane(response.controlPlane));
  return finish(writer);
}
