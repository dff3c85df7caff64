import { create } from '@bufbuild/protobuf';
import { ApiVersion, type ConfigSource, ConfigSourceSchema } from '../gen/envoy/config/core/v3/config_source_pb.ts';
import {
  type SdsSecretConfig,
  SdsSecretConfigSchema,
} from '../gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts';
import { durationFromMs } from './durations.ts';

/**
 * "Ask on the ADS stream."
 * @param initialFetchTimeoutMs how long a listener or cluster waits for the first answer before it goes on without;
 *   0 waits for ever, left out leaves Envoy's 15 s.
 */
export function adsSource(initialFetchTimeoutMs?: number): ConfigSource {
  return create(ConfigSourceSchema, {
    configSourceSpecifier: { case: 'ads', value: {} },
    resourceApiVersion: ApiVersion.V3,
    ...(initialFetchTimeoutMs === undefined ? {} : { initialFetchTimeout: durationFromMs(initialFetchTimeoutMs) }),
  });
}

/**
 * A file that holds resources, read again when it is moved into place.
 * @param watchedDirectory where the move is looked for, instead of at the file itself (Kubernetes' projected volumes
 *   swap a directory above it).
 */
export function pathSource(path: string, watchedDirectory?: string): ConfigSource {
  return create(ConfigSourceSchema, {
    configSourceSpecifier: {
      case: 'pathConfigSource',
      value: { path, ...(watchedDirectory === undefined ? {} : { watchedDirectory: { path: watchedDirectory } }) },
    },
    resourceApiVersion: ApiVersion.V3,
  });
}

/** A secret by its SDS name, on the ADS stream unless another source is given. */
export function sdsSecret(name: string, source: ConfigSource = adsSource()): SdsSecretConfig {
  return create(SdsSecretConfigSchema, { name, sdsConfig: source });
}
