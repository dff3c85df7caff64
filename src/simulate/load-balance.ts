import { type Cluster, Cluster_LbPolicy as LbPolicy } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { HealthStatus } from '../envoy/gen/envoy/config/core/v3/health_check_pb.ts';
import type { LbEndpoint, LocalityLbEndpoints } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_components_pb.ts';
import type { ClusterLoadAssignment } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { type PriorityHealth, priorityLoads } from './priority-load.ts';

/** An endpoint with the share of connections that it gets (0 to 1). */
export interface EndpointShare {
  readonly endpoint: LbEndpoint;
  readonly locality: LocalityLbEndpoints;
  readonly share: number;
}

/** What of a cluster decides how its endpoints share the load. */
export interface BalanceRules {
  /** Are localities chosen by their weights, before endpoints? */
  readonly byLocality: boolean;
  /** RANDOM takes no notice of endpoint weights. */
  readonly byWeight: boolean;
  /** Below this share of healthy hosts (0 to 100) all hosts are used; 0 for never. */
  readonly panicThreshold: number;
  readonly failOnPanic: boolean;
}

/** Envoy's defaults where the cluster says nothing. */
export function balanceRulesOf(cluster: Cluster): BalanceRules {
  const common = cluster.commonLbConfig;
  const specifier = common?.localityConfigSpecifier;
  return {
    byLocality: specifier?.case === 'localityWeightedLbConfig',
    byWeight: cluster.lbPolicy !== LbPolicy.RANDOM,
    panicThreshold: common?.healthyPanicThreshold?.value ?? 50,
    failOnPanic: specifier?.case === 'zoneAwareLbConfig' && specifier.value.failTrafficOnPanic,
  };
}

interface Host {
  readonly endpoint: LbEndpoint;
  readonly locality: LocalityLbEndpoints;
  readonly weight: number;
}

/**
 * Who gets how much, over all priorities, localities and endpoints (Envoy: priority levels, locality weighted load
 * balancing, panic threshold). The shares add up to 1, or are none where nothing can be chosen.
 */
export function distribute(assignment: ClusterLoadAssignment, rules: BalanceRules): readonly EndpointShare[] {
  const priorities = prioritiesOf(assignment);
  const factor = assignment.policy?.overprovisioningFactor ?? 140;
  const health = priorities.map((localities) => healthOf(localities.flatMap(hostsOf)));
  const loads = priorityLoads(health, { factor, panicThreshold: rules.panicThreshold });
  const shares: EndpointShare[] = [];
  for (const [priority, localities] of priorities.entries()) {
    const load = loads[priority];
    if (!load) continue;
    if (load.panic) {
      const usable = rules.failOnPanic ? () => false : () => true;
      shares.push(...withinPriority(localities, load.healthy + load.degraded, { usable, factor, rules }));
    } else {
      shares.push(...withinPriority(localities, load.healthy, { usable: isHealthy, factor, rules }));
      shares.push(...withinPriority(localities, load.degraded, { usable: isDegraded, factor, rules }));
    }
  }
  const total = shares.reduce((sum, { share }) => sum + share, 0);
  return total > 0
    ? shares.filter(({ share }) => share > 0).map((each) => ({ ...each, share: each.share / total }))
    : [];
}

function prioritiesOf(assignment: ClusterLoadAssignment): readonly (readonly LocalityLbEndpoints[])[] {
  const priorities: LocalityLbEndpoints[][] = [];
  for (const locality of assignment.endpoints) {
    while (priorities.length <= locality.priority && priorities.length < 128) priorities.push([]);
    priorities[locality.priority]?.push(locality);
  }
  return priorities;
}

function hostsOf(locality: LocalityLbEndpoints): readonly Host[] {
  const listed =
    locality.lbConfig.case === 'loadBalancerEndpoints' ? locality.lbConfig.value.lbEndpoints : locality.lbEndpoints;
  return listed.map((endpoint) => ({ endpoint, locality, weight: endpoint.loadBalancingWeight ?? 1 }));
}

function isHealthy(host: Host): boolean {
  return host.endpoint.healthStatus === HealthStatus.HEALTHY || host.endpoint.healthStatus === HealthStatus.UNKNOWN;
}

function isDegraded(host: Host): boolean {
  return host.endpoint.healthStatus === HealthStatus.DEGRADED;
}

function healthOf(hosts: readonly Host[]): PriorityHealth {
  return {
    total: hosts.length,
    healthy: hosts.filter(isHealthy).length,
    degraded: hosts.filter(isDegraded).length,
  };
}

interface Selection {
  readonly usable: (host: Host) => boolean;
  readonly factor: number;
  readonly rules: BalanceRules;
}

function withinPriority(
  localities: readonly LocalityLbEndpoints[],
  load: number,
  selection: Selection,
): readonly EndpointShare[] {
  if (load <= 0) return [];
  if (!selection.rules.byLocality)
    return spread(localities.flatMap(hostsOf).filter(selection.usable), load, selection.rules);
  const weighted = localities.map((locality) => {
    const hosts = hostsOf(locality);
    const usable = hosts.filter(selection.usable);
    const availability =
      hosts.length === 0 ? 0 : Math.min(1, ((selection.factor / 100) * usable.length) / hosts.length);
    return { usable, weight: (locality.loadBalancingWeight ?? 0) * availability };
  });
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  // Without any locality weight Envoy balances over all hosts of the priority.
  if (total === 0)
    return spread(
      weighted.flatMap(({ usable }) => usable),
      load,
      selection.rules,
    );
  return weighted.flatMap(({ usable, weight }) => spread(usable, (load * weight) / total, selection.rules));
}

function spread(hosts: readonly Host[], load: number, rules: BalanceRules): readonly EndpointShare[] {
  const weightOf = (host: Host): number => (rules.byWeight ? host.weight : 1);
  const total = hosts.reduce((sum, host) => sum + weightOf(host), 0);
  return hosts.map((host) => ({
    endpoint: host.endpoint,
    locality: host.locality,
    share: total === 0 ? 0 : (load * weightOf(host)) / total,
  }));
}
