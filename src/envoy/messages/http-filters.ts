import type { MessageInitShape } from '@bufbuild/protobuf';
import { HeaderValueOption_HeaderAppendAction } from '../gen/envoy/config/core/v3/base_pb.ts';
import type { TypedExtensionConfig } from '../gen/envoy/config/core/v3/extension_pb.ts';
import { CorsSchema } from '../gen/envoy/extensions/filters/http/cors/v3/cors_pb.ts';
import { CredentialInjectorSchema } from '../gen/envoy/extensions/filters/http/credential_injector/v3/credential_injector_pb.ts';
import { HTTPFaultSchema } from '../gen/envoy/extensions/filters/http/fault/v3/fault_pb.ts';
import { OnDemandSchema } from '../gen/envoy/extensions/filters/http/on_demand/v3/on_demand_pb.ts';
import { RBACSchema } from '../gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts';
import { RouterSchema } from '../gen/envoy/extensions/filters/http/router/v3/router_pb.ts';
import { UpstreamCodecSchema } from '../gen/envoy/extensions/filters/http/upstream_codec/v3/upstream_codec_pb.ts';
import type { HttpFilter } from '../gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { HeaderMutationSchema } from '../gen/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.ts';
import { GenericSchema } from '../gen/envoy/extensions/http/injected_credentials/generic/v3/generic_pb.ts';
import type { SdsSecretConfig } from '../gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts';
import { adsSource } from './config-sources.ts';
import { durationFromMs } from './durations.ts';
import { httpFilter, typedExtension } from './extensions.ts';

/** Sends the request on; the last filter of every chain. */
export function routerFilter(config: MessageInitShape<typeof RouterSchema> = {}): HttpFilter {
  return httpFilter({ name: 'envoy.filters.http.router', schema: RouterSchema, config });
}

/** Allows or denies by rules; shadow rules only count. */
export function httpRbacFilter(config: MessageInitShape<typeof RBACSchema>): HttpFilter {
  return httpFilter({ name: 'envoy.filters.http.rbac', schema: RBACSchema, config });
}

/** Injects delays and aborts; routes may give their own settings. */
export function faultFilter(config: MessageInitShape<typeof HTTPFaultSchema> = {}): HttpFilter {
  return httpFilter({ name: 'envoy.filters.http.fault', schema: HTTPFaultSchema, config });
}

/** Answers CORS preflights; virtual hosts and routes give the policies. */
export function corsFilter(): HttpFilter {
  return httpFilter({ name: 'envoy.filters.http.cors', schema: CorsSchema });
}

/**
 * Holds a request while its virtual host (VHDS) and its cluster (ODCDS) are asked for on the ADS stream.
 * @param clusterTimeoutMs how long a request waits for its cluster; Envoy's own default is 5 s.
 */
export function onDemandFilter(clusterTimeoutMs: number): HttpFilter {
  return httpFilter({
    name: 'envoy.filters.http.on_demand',
    schema: OnDemandSchema,
    config: { odcds: { source: adsSource(), timeout: durationFromMs(clusterTimeoutMs) } },
  });
}

/** A credential for the requests of a cluster. */
export interface InjectedCredential {
  /** A generic secret whose text follows the prefix. */
  readonly secret: SdsSecretConfig;
  readonly header: string;
  /** Such as `Bearer `, with the space. */
  readonly prefix: string;
}

/** Adds a credential to each request; a request without one waits for nobody and is refused (401). */
export function credentialInjectorFilter(credential: InjectedCredential): HttpFilter {
  const { secret, header, prefix } = credential;
  const generic = typedExtension({
    name: 'envoy.http.injected_credentials.generic',
    schema: GenericSchema,
    config: { credential: secret, header, headerValuePrefix: prefix },
  });
  return httpFilter({
    name: 'envoy.filters.http.credential_injector',
    schema: CredentialInjectorSchema,
    config: { overwrite: true, credential: generic },
  });
}

/** Encodes requests for the wire; the last filter of a cluster's own HTTP filters. */
export function upstreamCodecFilter(): HttpFilter {
  return httpFilter({ name: 'envoy.filters.http.upstream_codec', schema: UpstreamCodecSchema });
}

/**
 * Sets a header of a request before it is routed, whatever the client sent (an early header mutation).
 * @param format an Envoy format string.
 */
export function earlyHeader(key: string, format: string): TypedExtensionConfig {
  return typedExtension({
    name: 'envoy.http.early_header_mutation.header_mutation',
    schema: HeaderMutationSchema,
    config: {
      mutations: [
        {
          action: {
            case: 'append',
            value: {
              header: { key, value: format },
              appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
            },
          },
        },
      ],
    },
  });
}
