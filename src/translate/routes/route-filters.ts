import type { CorsPolicy, HttpFault } from '../../config/index.ts';
import { GRPC_STATUS_NAMES } from '../../config/index.ts';
import { CorsPolicySchema } from '../../envoy/gen/envoy/extensions/filters/http/cors/v3/cors_pb.ts';
import { HTTPFaultSchema } from '../../envoy/gen/envoy/extensions/filters/http/fault/v3/fault_pb.ts';
import { durationFromMs, pack } from '../../envoy/index.ts';
import { durationMs } from '../clusters/traffic-policy.ts';
import { fraction } from './route-action.ts';
import { stringMatcher } from './route-match.ts';

type PerFilter = Record<string, ReturnType<typeof pack>>;

function fault(given: HttpFault): ReturnType<typeof pack> {
  const { abort, delay } = given;
  return pack(HTTPFaultSchema, {
    ...(abort
      ? {
          abort: {
            percentage: fraction(abort.percentage?.value ?? 100),
            errorType: abort.grpcStatus
              ? { case: 'grpcStatus' as const, value: grpcCode(abort.grpcStatus) }
              : { case: 'httpStatus' as const, value: abort.httpStatus ?? 503 },
          },
        }
      : {}),
    ...(delay && durationMs(delay.fixedDelay, 0) > 0
      ? {
          delay: {
            percentage: fraction(delay.percentage?.value ?? delay.percent ?? 100),
            faultDelaySecifier: { case: 'fixedDelay' as const, value: durationFromMs(durationMs(delay.fixedDelay, 0)) },
          },
        }
      : {}),
  });
}

function grpcCode(text: string): number {
  const named = GRPC_STATUS_NAMES.indexOf(text.toUpperCase());
  return named >= 0 ? named : Number(text) || 14;
}

function cors(policy: CorsPolicy): ReturnType<typeof pack> {
  const origins = [...(policy.allowOrigins ?? []), ...(policy.allowOrigin ?? []).map((exact) => ({ exact }))];
  return pack(CorsPolicySchema, {
    allowOriginStringMatch: origins.flatMap((origin) => stringMatcher(origin) ?? []),
    allowMethods: (policy.allowMethods ?? []).join(','),
    allowHeaders: (policy.allowHeaders ?? []).join(','),
    exposeHeaders: (policy.exposeHeaders ?? []).join(','),
    ...(policy.maxAge ? { maxAge: String(durationMs(policy.maxAge, 0) / 1000) } : {}),
    ...(policy.allowCredentials === undefined ? {} : { allowCredentials: policy.allowCredentials }),
  });
}

/** What a route says to the filters before the router. */
export function perFilterConfig(route: { readonly fault?: HttpFault; readonly corsPolicy?: CorsPolicy }): PerFilter {
  return {
    ...(route.fault ? { 'envoy.filters.http.fault': fault(route.fault) } : {}),
    ...(route.corsPolicy ? { 'envoy.filters.http.cors': cors(route.corsPolicy) } : {}),
  };
}
