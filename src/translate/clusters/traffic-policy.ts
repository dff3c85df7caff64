import type {
  ConnectionPoolSettings,
  DestinationRuleSpec,
  OutlierDetection,
  PortTrafficPolicy,
  Subset,
} from '../../config/index.ts';
import { parseDurationMs } from '../../config/index.ts';
import type { CircuitBreakers_ThresholdsSchema } from '../../envoy/gen/envoy/config/cluster/v3/circuit_breaker_pb.ts';
import { Cluster_LbPolicy } from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { OutlierDetectionSchema } from '../../envoy/gen/envoy/config/cluster/v3/outlier_detection_pb.ts';
import { duration, type InitOf } from '../envoy-types.ts';

/** The policy for one port: the port's own settings replace the rule's, a subset's replace both, field by field (Istio). */
export function effectivePolicy(
  rule: DestinationRuleSpec | undefined,
  subset: Subset | undefined,
  port: number,
): PortTrafficPolicy {
  return { ...policyForPort(rule?.trafficPolicy, port), ...policyForPort(subset?.trafficPolicy, port) };
}

function policyForPort(policy: DestinationRuleSpec['trafficPolicy'], port: number): PortTrafficPolicy {
  if (!policy) return {};
  const own = policy.portLevelSettings?.find((setting) => setting.port?.number === port);
  const { loadBalancer, connectionPool, outlierDetection, tls } = own ?? policy;
  return {
    ...(loadBalancer ? { loadBalancer } : {}),
    ...(connectionPool ? { connectionPool } : {}),
    ...(outlierDetection ? { outlierDetection } : {}),
    ...(tls ? { tls } : {}),
  };
}

/** Istio's default is LEAST_REQUEST. */
export function lbPolicy(policy: PortTrafficPolicy): Cluster_LbPolicy {
  const { simple, consistentHash } = policy.loadBalancer ?? {};
  if (consistentHash) return consistentHash.maglev ? Cluster_LbPolicy.MAGLEV : Cluster_LbPolicy.RING_HASH;
  switch (simple) {
    case 'ROUND_ROBIN':
      return Cluster_LbPolicy.ROUND_ROBIN;
    case 'RANDOM':
      return Cluster_LbPolicy.RANDOM;
    default:
      return Cluster_LbPolicy.LEAST_REQUEST;
  }
}

/** Milliseconds of a duration that validation has let through, or the given default. */
export function durationMs(text: string | undefined, otherwise: number): number {
  return (text === undefined ? undefined : parseDurationMs(text)) ?? otherwise;
}

/** Without limits of its own a cluster has none, as in Istio: the largest number stands for unlimited. */
const UNLIMITED = 0xffff_ffff;

export function circuitBreakers(
  pool: ConnectionPoolSettings | undefined,
): InitOf<typeof CircuitBreakers_ThresholdsSchema> {
  return {
    maxConnections: pool?.tcp?.maxConnections ?? UNLIMITED,
    maxPendingRequests: pool?.http?.http1MaxPendingRequests ?? UNLIMITED,
    maxRequests: pool?.http?.http2MaxRequests ?? UNLIMITED,
    maxRetries: pool?.http?.maxRetries ?? UNLIMITED,
    trackRemaining: true,
  };
}

/**
 * A DestinationRule's outlier detection, in Istio's meaning. Without one, an endpoint that cannot be connected to is
 * ejected alone and comes back by itself: only failures to connect count, never an answer of the application.
 */
export function outlierDetection(given: OutlierDetection | undefined): InitOf<typeof OutlierDetectionSchema> {
  const never = 0;
  if (!given) {
    return {
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailure: 3,
      enforcingConsecutiveLocalOriginFailure: 100,
      enforcingConsecutive5xx: never,
      enforcingConsecutiveGatewayFailure: never,
      enforcingSuccessRate: never,
      enforcingLocalOriginSuccessRate: never,
      enforcingFailurePercentage: never,
      enforcingFailurePercentageLocalOrigin: never,
      maxEjectionPercent: 90,
      interval: duration(1_000),
      baseEjectionTime: duration(5_000),
      maxEjectionTime: duration(30_000),
    };
  }
  const gateway = given.consecutiveGatewayErrors ?? 0;
  const fiveHundreds = given.consecutive5xxErrors ?? given.consecutiveErrors ?? 5;
  return {
    splitExternalLocalOriginErrors: given.splitExternalLocalOriginErrors ?? false,
    ...(given.consecutiveLocalOriginFailures
      ? { consecutiveLocalOriginFailure: given.consecutiveLocalOriginFailures }
      : {}),
    consecutive5xx: fiveHundreds,
    enforcingConsecutive5xx: fiveHundreds > 0 ? 100 : 0,
    consecutiveGatewayFailure: gateway,
    enforcingConsecutiveGatewayFailure: gateway > 0 ? 100 : 0,
    enforcingSuccessRate: never,
    interval: duration(durationMs(given.interval, 10_000)),
    baseEjectionTime: duration(durationMs(given.baseEjectionTime, 30_000)),
    maxEjectionPercent: given.maxEjectionPercent ?? 10,
  };
}
