import type { LocalityLbSetting } from '../config/index.ts';
import { type ClientScope, type Endpoint, formatLocality, type Locality } from '../model/index.ts';

/** Endpoints of one place and priority. */
export interface EndpointGroup {
  readonly priority: number;
  readonly locality: Locality;
  /** Relative to the other groups of its priority. */
  readonly weight: number;
  readonly members: readonly Endpoint[];
}

/** `flat`: all endpoints are alike. Without a setting the nearest are preferred. */
export type LocalityPreference = LocalityLbSetting | 'flat' | undefined;

/** Does the preference share traffic out between places, so that their weights have to count? */
export function weighsLocalities(client: ClientScope, preference: LocalityPreference): boolean {
  return sharesFor(client, preference) !== undefined;
}

/**
 * Endpoints by place, the preferred ones first. Unless a DestinationRule says otherwise: those of the client's own cluster,
 * then of its region, then all others; `failover` and `failoverPriority` order them instead, `distribute` shares traffic
 * out (Istio: LocalityLoadBalancerSetting). Priorities have no gaps (Envoy requires that).
 */
export function groupEndpoints(
  client: ClientScope,
  endpoints: readonly Endpoint[],
  preference: LocalityPreference,
): readonly EndpointGroup[] {
  const shares = sharesFor(client, preference);
  const groups = new Map<
    string,
    { readonly rank: number; readonly locality: Locality; readonly members: Endpoint[] }
  >();
  for (const endpoint of endpoints) {
    const rank = shares ? 0 : rankOf(client, endpoint, preference);
    const { locality } = endpoint;
    const key = JSON.stringify([String(rank).padStart(3, '0'), locality.region, locality.zone, locality.subzone]);
    const group = groups.get(key) ?? { rank, locality, members: [] };
    group.members.push(endpoint);
    groups.set(key, group);
  }
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  const weighted = shares
    ? shareOut(sorted, shares)
    : sorted.map((group) => ({ ...group, weight: sum(group.members) }));
  const ranks = [...new Set(weighted.map(({ rank }) => rank))].sort((a, b) => a - b);
  return weighted.map(({ rank, locality, weight, members }) => ({
    priority: ranks.indexOf(rank),
    locality,
    weight,
    members,
  }));
}

function sum(members: readonly Endpoint[]): number {
  return members.reduce((total, { weight }) => total + weight, 0);
}

function rankOf(client: ClientScope, endpoint: Endpoint, preference: LocalityPreference): number {
  if (preference === 'flat' || preference?.enabled === false) return 0;
  const labels = preference?.failoverPriority ?? [];
  if (labels.length > 0) return labels.length - matchingLabels(client, endpoint, labels);
  if (endpoint.cluster === client.cluster || endpoint.cluster === '') return 0;
  const { region } = client.locality;
  if (region !== '' && endpoint.locality.region === region) return 1;
  const next = preference?.failover?.find(({ from }) => from === region)?.to;
  return next === undefined || endpoint.locality.region === next ? 2 : 3;
}

/** How many of the labels, from the first on, the endpoint shares with the client; `key=value` asks for that value. */
function matchingLabels(client: ClientScope, endpoint: Endpoint, labels: readonly string[]): number {
  const differs = labels.findIndex((label) => {
    const [key = '', value] = label.split('=');
    const wanted = value ?? labelOf(client, key);
    return wanted === undefined || labelOf(endpoint, key) !== wanted;
  });
  return differs < 0 ? labels.length : differs;
}

type Placed = Pick<Endpoint, 'labels' | 'locality' | 'network' | 'cluster'>;

/** Istio gives every workload these labels of its place. */
function labelOf({ labels, locality, network, cluster }: Placed, key: string): string | undefined {
  switch (key) {
    case 'topology.kubernetes.io/region':
      return locality.region;
    case 'topology.kubernetes.io/zone':
      return locality.zone;
    case 'topology.istio.io/subzone':
      return locality.subzone;
    case 'topology.istio.io/network':
      return network;
    case 'topology.istio.io/cluster':
      return cluster;
    default:
      return labels[key];
  }
}

type Shares = readonly (readonly [pattern: string, percent: number])[];

/** The shares for a client's place; the most specific `to` comes first. */
function sharesFor(client: ClientScope, preference: LocalityPreference): Shares | undefined {
  if (preference === undefined || preference === 'flat' || preference.enabled === false) return undefined;
  const found = preference.distribute?.find(({ from }) => covers(from ?? '*', client.locality));
  return found && Object.entries(found.to ?? {}).sort(([a], [b]) => b.length - a.length || (a < b ? -1 : 1));
}

/** `region/zone/*`, `region/*`, `region` or `*`. */
function covers(pattern: string, locality: Locality): boolean {
  const stem = pattern.replace(/\/?\*$/, '');
  const text = formatLocality(locality);
  return stem === '' || text === stem || text.startsWith(`${stem}/`);
}

interface RankedGroup {
  readonly rank: number;
  readonly locality: Locality;
  readonly members: readonly Endpoint[];
}

/** A share is split between its places by their endpoints' weights; places without a share get nothing. */
function shareOut(
  groups: readonly RankedGroup[],
  shares: Shares,
): readonly (RankedGroup & { readonly weight: number })[] {
  const shareOf = (group: RankedGroup): number => shares.findIndex(([pattern]) => covers(pattern, group.locality));
  return groups.flatMap((group) => {
    const share = shareOf(group);
    const percent = shares[share]?.[1] ?? 0;
    const total = groups
      .filter((other) => shareOf(other) === share)
      .reduce((all, other) => all + sum(other.members), 0);
    if (share < 0 || percent <= 0 || total === 0) return [];
    // Thousandths keep the shares of several places exact enough, as Envoy's weights are whole numbers.
    return { ...group, weight: Math.max(1, Math.round((percent * 1000 * sum(group.members)) / total)) };
  });
}
