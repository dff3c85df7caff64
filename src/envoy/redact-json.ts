import {
  type DescField,
  type DescMessage,
  getOption,
  type JsonObject,
  type JsonValue,
  type Registry,
} from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { sensitive } from './gen/udpa/annotations/sensitive_pb.ts';

/** What stands for a secret; Envoy's own config dump writes the same. */
export const REDACTED = '[redacted]';

/**
 * Takes the secrets out of a message's JSON form (with proto field names): every text below a field that Envoy's API
 * annotates with `udpa.annotations.sensitive`, as Envoy's config dump does.
 */
export function redactJson(desc: DescMessage, json: JsonValue, registry: Registry): JsonValue {
  if (!isObject(json)) return json;
  if (desc.typeName === AnySchema.typeName) return redactAny(json, registry);
  const redacted: JsonObject = { ...json };
  for (const field of desc.fields) {
    const value = json[field.name];
    if (value !== undefined) redacted[field.name] = redactField(field, value, registry);
  }
  return redacted;
}

function redactAny(json: JsonObject, registry: Registry): JsonValue {
  const typeUrl = json['@type'];
  if (typeof typeUrl !== 'string') return json;
  const desc = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
  return desc ? redactJson(desc, json, registry) : json;
}

function redactField(field: DescField, value: JsonValue, registry: Registry): JsonValue {
  if (getOption(field, sensitive)) return redactTexts(value);
  const { message } = field;
  if (!message) return value;
  if (field.fieldKind === 'list' && Array.isArray(value))
    return value.map((item) => redactJson(message, item, registry));
  if (field.fieldKind === 'map' && isObject(value))
    return mapValues(value, (item) => redactJson(message, item, registry));
  return redactJson(message, value, registry);
}

function redactTexts(value: JsonValue): JsonValue {
  if (typeof value === 'string') return REDACTED;
  if (Array.isArray(value)) return value.map(redactTexts);
  return isObject(value) ? mapValues(value, redactTexts) : value;
}

function mapValues(json: JsonObject, change: (value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, change(value)]));
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
