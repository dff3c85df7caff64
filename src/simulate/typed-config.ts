import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type Any, anyUnpack } from '@bufbuild/protobuf/wkt';

/** @returns undefined where there is no config or it is of another type. */
export function unpack<Desc extends DescMessage>(any: Any | undefined, schema: Desc): MessageShape<Desc> | undefined {
  return any === undefined ? undefined : anyUnpack(any, schema);
}

/** `envoy.filters.http.router.v3.Router` of an Any's type URL. */
export function typeOf(any: Any | undefined): string {
  return any === undefined ? '' : any.typeUrl.slice(any.typeUrl.lastIndexOf('/') + 1);
}

/** The `typed_config` of an extension point, which may be written as a discovery source instead. */
export function typedConfigOf(configType: {
  readonly case?: string | undefined;
  readonly value?: unknown;
}): Any | undefined {
  return configType.case === 'typedConfig' ? (configType.value as Any) : undefined;
}
