import { fromBinary, toJson } from '@bufbuild/protobuf';
import { BinaryReader, type WireType } from '@bufbuild/protobuf/wire';
import { StructSchema } from '@bufbuild/protobuf/wkt';
import type { DeltaRequest, ErrorDetail, SotwRequest } from './discovery-message.ts';
import type { NodeInfo } from './resource-feed.ts';

/*
 * Requests are read field by field instead of as whole messages: Envoy's Node carries a list of some 700 extensions
 * (60 KB) in the first request of every stream, and nothing here reads it.
 */

type FieldReader = (reader: BinaryReader, fieldNo: number, wireType: WireType) => boolean;

/** Calls `read` for each field; what it does not take (returns false) is skipped. Throws on bytes that are no message. */
function readFields(bytes: Uint8Array, read: FieldReader): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [fieldNo, wireType] = reader.tag();
    if (!read(reader, fieldNo, wireType)) reader.skip(wireType, fieldNo);
  }
}

function readStatus(bytes: Uint8Array): ErrorDetail {
  let code = 0;
  let message = '';
  readFields(bytes, (reader, fieldNo) => {
    if (fieldNo === 1) code = reader.int32();
    else if (fieldNo === 2) message = reader.string();
    else return false;
    return true;
  });
  return { code, message };
}

function readMapEntry(bytes: Uint8Array, into: Map<string, string>): void {
  let key = '';
  let value = '';
  readFields(bytes, (reader, fieldNo) => {
    if (fieldNo === 1) key = reader.string();
    else if (fieldNo === 2) value = reader.string();
    else return false;
    return true;
  });
  into.set(key, value);
}

function readLocality(bytes: Uint8Array): NodeInfo['locality'] {
  const parts = ['', '', ''];
  readFields(bytes, (reader, fieldNo) => {
    if (fieldNo < 1 || fieldNo > 3) return false;
    parts[fieldNo - 1] = reader.string();
    return true;
  });
  return { region: parts[0] ?? '', zone: parts[1] ?? '', subzone: parts[2] ?? '' };
}

/** envoy.config.core.v3.BuildVersion: field 1 is the SemanticVersion of three numbers. */
function readBuildVersion(bytes: Uint8Array): string {
  const numbers = [0, 0, 0];
  readFields(bytes, (reader, fieldNo) => {
    if (fieldNo !== 1) return false;
    readFields(reader.bytes(), (inner, part) => {
      if (part < 1 || part > 3) return false;
      numbers[part - 1] = inner.uint32();
      return true;
    });
    return true;
  });
  return numbers.join('.');
}

/** envoy.config.core.v3.Node. @throws where the bytes are not such a message. */
export function readNode(bytes: Uint8Array): NodeInfo {
  let id = '';
  let cluster = '';
  let metadata: Record<string, unknown> = {};
  let locality: NodeInfo['locality'] = { region: '', zone: '', subzone: '' };
  let version = '';
  readFields(bytes, (reader, fieldNo) => {
    if (fieldNo === 1) id = reader.string();
    else if (fieldNo === 2) cluster = reader.string();
    else if (fieldNo === 3) metadata = toJson(StructSchema, fromBinary(StructSchema, reader.bytes()));
    else if (fieldNo === 4) locality = readLocality(reader.bytes());
    else if (fieldNo === 7) version ||= reader.string();
    else if (fieldNo === 8) version = readBuildVersion(reader.bytes());
    else return false;
    return true;
  });
  return { id, cluster, metadata, locality, version };
}

/** @throws where the bytes are not a DeltaDiscoveryRequest. */
export function readDeltaRequest(bytes: Uint8Array): DeltaRequest {
  let node: NodeInfo | undefined;
  let typeUrl = '';
  const subscribe: string[] = [];
  const unsubscribe: string[] = [];
  const initialVersions = new Map<string, string>();
  let responseNonce = '';
  let error: ErrorDetail | undefined;
  readFields(bytes, (reader, fieldNo) => {
    if (fieldNo === 1) node = readNode(reader.bytes());
    else if (fieldNo === 2) typeUrl = reader.string();
    else if (fieldNo === 3) subscribe.push(reader.string());
    else if (fieldNo === 4) unsubscribe.push(reader.string());
    else if (fieldNo === 5) readMapEntry(reader.bytes(), initialVersions);
    else if (fieldNo === 6) responseNonce = reader.string();
    else if (fieldNo === 7) error = readStatus(reader.bytes());
    else return false;
    return true;
  });
  return { node, typeUrl, subscribe, unsubscribe, initialVersions, responseNonce, error };
}

/** @throws where the bytes are not a DiscoveryRequest. */
export function readSotwRequest(bytes: Uint8Array): SotwRequest {
  let versionInfo = '';
  let node: NodeInfo | undefined;
  const names: string[] = [];
  let typeUrl = '';
  let responseNonce = '';
  let error: ErrorDetail | undefined;
  readFields(bytes, (reader, fieldNo) => {
    if (fieldNo === 1) versionInfo = reader.string();
    else if (fieldNo === 2) node = readNode(reader.bytes());
    else if (fieldNo === 3) names.push(reader.string());
    else if (fieldNo === 4) typeUrl = reader.string();
    else if (fieldNo === 5) responseNonce = reader.string();
    else if (fieldNo === 6) error = readStatus(reader.bytes());
    else return false;
    return true;
  });
  return { node, typeUrl, versionInfo, names, responseNonce, error };
}
