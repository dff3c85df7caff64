import type { AccessLog } from '../../envoy/gen/envoy/config/accesslog/v3/accesslog_pb.ts';
import type { Filter } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { FileAccessLogSchema } from '../../envoy/gen/envoy/extensions/access_loggers/file/v3/file_pb.ts';
import {
  HttpConnectionManager_PathWithEscapedSlashesAction as EscapedSlashes,
  HttpConnectionManager_ForwardClientCertDetails as ForwardClientCert,
  type HttpConnectionManagerSchema,
  type HttpFilter,
  HttpConnectionManager_ServerHeaderTransformation as ServerHeader,
} from '../../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import {
  accessLog,
  corsFilter,
  durationFromMs,
  faultFilter,
  httpConnectionManager,
  routerFilter,
} from '../../envoy/index.ts';
import type { InitOf } from '../built.ts';

/** The filters that routes may give settings to, then the router; every HTTP chain ends so. */
export function routeFilters(beforeRouter: readonly HttpFilter[] = []): HttpFilter[] {
  return [faultFilter(), corsFilter(), ...beforeRouter, routerFilter()];
}

/** The settings that every HTTP listener of the mesh has: Istio's where Istio has one. */
export function connectionManager(init: InitOf<typeof HttpConnectionManagerSchema>): Filter {
  return httpConnectionManager({
    normalizePath: true,
    mergeSlashes: true,
    pathWithEscapedSlashesAction: EscapedSlashes.KEEP_UNCHANGED,
    serverHeaderTransformation: ServerHeader.PASS_THROUGH,
    useRemoteAddress: false,
    streamIdleTimeout: durationFromMs(0),
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    ...init,
  });
}

/**
 * On the answer of a sidecar whose application took no connection: no byte of the request was seen by anybody, so a client
 * may send it again to another pod, whatever its method. Only proxies see it: see `retryPolicy`.
 */
export const REFUSED_HEADER = 'x-pelagos-refused';

/** Marks the answers that a proxy gives because it could not connect (Envoy's response flag UF). */
export function refusedReplies(): NonNullable<ManagerInit['localReplyConfig']> {
  const mark = { header: { key: REFUSED_HEADER, value: 'connect' } };
  return {
    mappers: [
      {
        filter: { filterSpecifier: { case: 'responseFlagFilter', value: { flags: ['UF'] } } },
        headersToAdd: [mark],
      },
    ],
  };
}

type ManagerInit = InitOf<typeof HttpConnectionManagerSchema>;

/** Tells the application who the client is (X-Forwarded-Client-Cert). @param trust does the client's own claim count? */
export function clientCertificateHeaders(trust: 'append' | 'replace'): ManagerInit {
  return {
    forwardClientCertDetails: trust === 'append' ? ForwardClientCert.APPEND_FORWARD : ForwardClientCert.SANITIZE_SET,
    setCurrentClientCertDetails: { subject: true, dns: true, uri: true },
  };
}

/** @param path a file, `/dev/stdout`, or empty for no log. */
export function accessLogs(path: string): AccessLog[] {
  if (path === '') return [];
  return [accessLog({ name: 'envoy.access_loggers.file', schema: FileAccessLogSchema, config: { path } })];
}
