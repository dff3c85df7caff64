import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type AccessLog, AccessLogSchema } from '../../envoy/gen/envoy/config/accesslog/v3/accesslog_pb.ts';
import { type Filter, FilterSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { FileAccessLogSchema } from '../../envoy/gen/envoy/extensions/access_loggers/file/v3/file_pb.ts';
import { CorsSchema } from '../../envoy/gen/envoy/extensions/filters/http/cors/v3/cors_pb.ts';
import { HTTPFaultSchema } from '../../envoy/gen/envoy/extensions/filters/http/fault/v3/fault_pb.ts';
import { RouterSchema } from '../../envoy/gen/envoy/extensions/filters/http/router/v3/router_pb.ts';
import {
  HttpConnectionManager_PathWithEscapedSlashesAction,
  HttpConnectionManager_ServerHeaderTransformation,
  HttpConnectionManagerSchema,
  type HttpFilterSchema,
} from '../../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { TcpProxySchema } from '../../envoy/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts';
import { pack } from '../../envoy/index.ts';
import { duration } from '../envoy-types.ts';

export type ManagerInit = MessageInitShape<typeof HttpConnectionManagerSchema>;
export type HttpFilterInit = MessageInitShape<typeof HttpFilterSchema>;

export function httpFilter(name: string, config: ReturnType<typeof pack>): HttpFilterInit {
  return { name, configType: { case: 'typedConfig', value: config } };
}

/** The filters that routes may give settings to, then the router; every HTTP chain ends so. */
export function routeFilters(): HttpFilterInit[] {
  return [
    httpFilter('envoy.filters.http.fault', pack(HTTPFaultSchema, {})),
    httpFilter('envoy.filters.http.cors', pack(CorsSchema, {})),
    httpFilter('envoy.filters.http.router', pack(RouterSchema, {})),
  ];
}

/** The settings that every HTTP listener of the mesh has: Istio's where Istio has one. */
export function connectionManager(init: ManagerInit): Filter {
  return create(FilterSchema, {
    name: 'envoy.filters.network.http_connection_manager',
    configType: {
      case: 'typedConfig',
      value: pack(HttpConnectionManagerSchema, {
        normalizePath: true,
        mergeSlashes: true,
        pathWithEscapedSlashesAction: HttpConnectionManager_PathWithEscapedSlashesAction.KEEP_UNCHANGED,
        serverHeaderTransformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
        useRemoteAddress: false,
        streamIdleTimeout: duration(0),
        upgradeConfigs: [{ upgradeType: 'websocket' }],
        ...init,
      }),
    },
  });
}

/** Hands the connection's bytes to one cluster. */
export function tcpProxy(init: MessageInitShape<typeof TcpProxySchema>): Filter {
  return create(FilterSchema, {
    name: 'envoy.filters.network.tcp_proxy',
    configType: { case: 'typedConfig', value: pack(TcpProxySchema, init) },
  });
}

/** @param path a file, `/dev/stdout`, or empty for no log. */
export function accessLogs(path: string): AccessLog[] {
  if (path === '') return [];
  const config = pack(FileAccessLogSchema, { path });
  return [
    create(AccessLogSchema, { name: 'envoy.access_loggers.file', configType: { case: 'typedConfig', value: config } }),
  ];
}
