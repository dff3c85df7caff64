import type {
  ConnectionPoolSettings,
  OutlierDetection,
  PortTrafficPolicy,
  Subset,
  TrafficPolicy,
} from '../../config/index.ts';
import { parseDurationMs } from '../../config/index.ts';
import type { CircuitBreakers_ThresholdsSchema } from '../../envoy/gen/envoy/config/cluster/v3/circuit_breaker_pb.ts';
import { Cluster_LbPolicy, type ClusterSchema } from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { OutlierDetectionSchema } from '../../envoy/gen/envoy/config/cluster/v3/outlier_detection_pb.ts';
import { durationFromMs } from '../../envoy/index.ts';
import type { InitOf } from '../built.ts';

/** The policy for one port: the port's own settings replace the rule's, a subset's replace both, field by field (Istio). */
export function effectivePolicy(
  policy: TrafficPolicy | undefined,
  subset: Subset | undefined,
  port: number,
): PortTrafficPolicy {
  return { ...policyForPort(policy, port), ...policyForPort(subset?.trafficPolicy, port) };
}

function policyForPort(policy: TrafficPolicy | undefined, port: number): PortTrafficPolicy {
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

type LoadBalancing = Pick<InitOf<typeof ClusterSchema>, 'lbPolicy' | 'lbConfig'>;

/** Istio's default is LEAST_REQUEST. What is hashed is for the routes to say. */
export function loadBalancing(policy: PortTrafficPolicy): LoadBalancing {
  const { simple, consistentHash, warmup, warmupDurationSecs } = policy.loadBalancer ?? {};
  if (consistentHash?.maglev) {
    const tableSize = consistentHash.maglev.tableSize;
    return {
      lbPolicy: Cluster_LbPolicy.MAGLEV,
      ...(tableSize ? { lbConfig: { case: 'maglevLbConfig', value: { tableSize: BigInt(tableSize) } } } : {}),
    };
  }
  if (consistentHash) {
    const size = consistentHash.ringHash?.minimumRingSize ?? consistentHash.minimumRingSize;
    return {
      lbPolicy: Cluster_LbPolicy.RING_HASH,
      ...(size ? { lbConfig: { case: 'ringHashLbConfig', value: { minimumRingSize: BigInt(size) } } } : {}),
    };
  }
  const warm = durationMs(warmup?.duration ?? warmupDurationSecs, 0);
  const slowStartConfig = {
    slowStartWindow: durationFromMs(warm),
    ...(warmup?.minimumPercent === undefined ? {} : { minWeightPercent: { value: warmup.minimumPercent } }),
    ...(warmup?.aggression === undefined
      ? {}
      : { aggression: { defaultValue: warmup.aggression, runtimeKey: 'warmup.aggression' } }),
  };
  switch (simple) {
    case 'ROUND_ROBIN':
      return {
        lbPolicy: Cluster_LbPolicy.ROUND_ROBIN,
        ...(warm > 0 ? { lbConfig: { case: 'roundRobinLbConfig', value: { slowStartConfig } } } : {}),
      };
    case 'RANDOM':
      return { lbPolicy: Cluster_LbPolicy.RANDOM };
    default:
      return {
        lbPolicy: Cluster_LbPolicy.LEAST_REQUEST,
        ...(warm > 0 ? { lbConfig: { case: 'leastRequestLbConfig', value: { slowStartConfig } } } : {}),
      };
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
    maxConnections: limit(pool?.tcp?.maxConnections),
    maxPendingRequests: limit(pool?.http?.http1MaxPendingRequests),
    maxRequests: limit(pool?.http?.http2MaxRequests),
    maxRetries: limit(pool?.http?.maxRetries),
    trackRemaining: true,
  };
}

/** Zero is no limit (Istio: ConnectionPoolSettings). */
function limit(given: number | undefined): number {
  return given !== undefined && given > 0 ? given : UNLIMITED;
}

const NEVER = 0;

/**
 * Without a DestinationRule's outlier detection, an endpoint that cannot be connected to is ejected alone and comes back by
 * itself: only failures to connect count, never an answer of the application.
 */
const ONLY_UNREACHABLE: InitOf<typeof OutlierDetectionSchema> = {
  splitExternalLocalOriginErrors: true,
  consecutiveLocalOriginFailure: 3,
  enforcingConsecutiveLocalOriginFailure: 100,
  enforcingConsecutive5xx: NEVER,
  enforcingConsecutiveGatewayFailure: NEVER,
  enforcingSuccessRate: NEVER,
  enforcingLocalOriginSuccessRate: NEVER,
  enforcingFailurePercentage: NEVER,
  enforcingFailurePercentageLocalOrigin: NEVER,
  maxEjectionPercent: 90,
  interval: durationFromMs(1_000),
  baseEjectionTime: durationFromMs(5_000),
  maxEjectionTime: durationFromMs(30_000),
};

/** A DestinationRule's outlier detection, in Istio's meaning. */
export function outlierDetection(given: OutlierDetection | undefined): InitOf<typeof OutlierDetectionSchema> {
  if (!given) return ONLY_UNREACHABLE;
  const gateway = given.consecutiveGatewayErrors ?? 0;
  const fiveHundreds = given.consecutive5xxErrors ?? given.consecutiveErrors ?? 5;
  return {
    splitExternalLocalOriginErrors: given.splitExternalLocalOriginErrors ?? false,
    ...(given.consecutiveLocalOriginFailures
      ? { consecutiveLocalOriginFailure: given.consecutiveLocalOriginFailures }
      : {}),
    consecutive5xx: fiveHundreds,
    enforcingConsecutive5xx: fiveHundreds > 0 ? 100 : NEVER,
    consecutiveGatewayFailure: gateway,
    enforcingConsecutiveGatewayFailure: gateway > 0 ? 100 : NEVER,
    enforcingSuccessRate: NEVER,
    interval: durationFromMs(durationMs(given.interval, 10_000)),
    baseEjectionTime: durationFromMs(durationMs(given.baseEjectionTime, 30_000)),
    maxEjectionPercent: given.maxEjectionPercent ?? 10,
  };
}
