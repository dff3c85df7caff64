import {
  type FilterChain,
  type FilterChainMatch,
  FilterChainMatch_ConnectionSourceType as SourceType,
} from '../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import type { Listener } from '../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { type CidrRange, coverage, type IpAddress, isLoopback, parseIp } from './ip-range.ts';

/** What a listener knows of a connection when it chooses a filter chain. */
export interface ConnectionFacts {
  readonly destination: { readonly address: string; readonly port: number };
  readonly source: { readonly address: string; readonly port: number };
  /** Lower case; empty without TLS or without a tls_inspector. */
  readonly serverName: string;
  readonly transportProtocol: 'tls' | 'raw_buffer';
  readonly applicationProtocols: readonly string[];
}

export type FilterChainChoice =
  | { readonly kind: 'chain'; readonly chain: FilterChain; readonly byDefault: boolean }
  | { readonly kind: 'none' }
  /** Two chains with the same criteria: Envoy refuses such a listener. */
  | { readonly kind: 'several'; readonly chains: readonly FilterChain[] };

/**
 * How specific a chain's criterion covers the connection: larger is more specific, 0 is a chain without this criterion,
 * undefined is no match.
 */
type Rank = (match: FilterChainMatch | undefined) => number | undefined;

/**
 * Envoy's filter chain matching (FilterChainMatch): criterion by criterion, the chains with the most specific match stay
 * and there is no way back: a chain that wins on an early criterion and fails on a later one leaves none.
 */
export function chooseFilterChain(listener: Listener, facts: ConnectionFacts): FilterChainChoice {
  let chains: readonly FilterChain[] = listener.filterChains;
  for (const rank of ranksOf(facts)) chains = mostSpecific(chains, rank);
  const [first, ...others] = chains;
  if (first && others.length > 0) return { kind: 'several', chains };
  if (first) return { kind: 'chain', chain: first, byDefault: false };
  if (listener.defaultFilterChain) return { kind: 'chain', chain: listener.defaultFilterChain, byDefault: true };
  return { kind: 'none' };
}

function mostSpecific(chains: readonly FilterChain[], rank: Rank): readonly FilterChain[] {
  let best = -1;
  let winners: FilterChain[] = [];
  for (const chain of chains) {
    const found = rank(chain.filterChainMatch);
    if (found === undefined || found < best) continue;
    if (found > best) winners = [];
    best = found;
    winners.push(chain);
  }
  return winners;
}

/** In Envoy's order; see the comment of FilterChainMatch. */
function ranksOf(facts: ConnectionFacts): readonly Rank[] {
  const { destination, source } = facts;
  const local = source.address === destination.address || isLoopback(source.address);
  return [
    (match) => exact(match?.destinationPort === undefined ? [] : [match.destinationPort], destination.port),
    prefix((match) => match?.prefixRanges, destination.address),
    (match) => serverNameRank(match?.serverNames ?? [], facts.serverName),
    (match) => exact(match?.transportProtocol ? [match.transportProtocol] : [], facts.transportProtocol),
    (match) => preference(match?.applicationProtocols ?? [], facts.applicationProtocols),
    prefix((match) => match?.directSourcePrefixRanges, source.address),
    (match) => sourceTypeRank(match?.sourceType ?? SourceType.ANY, local),
    prefix((match) => match?.sourcePrefixRanges, source.address),
    (match) => exact(match?.sourcePorts ?? [], source.port),
  ];
}

function exact<Value>(wanted: readonly Value[], value: Value): number | undefined {
  if (wanted.length === 0) return 0;
  return wanted.includes(value) ? 1 : undefined;
}

/** A chain without ranges covers everything, less specific than any range. */
function prefix(
  rangesOf: (match: FilterChainMatch | undefined) => readonly CidrRange[] | undefined,
  text: string,
): Rank {
  const address = parseIp(text);
  return (match) => {
    const ranges = rangesOf(match) ?? [];
    return ranges.length === 0 ? 0 : longestCoverage(ranges, address);
  };
}

function longestCoverage(ranges: readonly CidrRange[], address: IpAddress | undefined): number | undefined {
  if (!address) return undefined;
  let best: number | undefined;
  for (const range of ranges) {
    const length = coverage(range, address);
    // 0.0.0.0/0 and "no range" are the same entry to Envoy.
    if (length !== undefined && (best === undefined || length > best)) best = length;
  }
  return best;
}

/** Exact names before wildcards, longer wildcards before shorter ones. `*.example.com` does not cover `example.com`. */
function serverNameRank(names: readonly string[], serverName: string): number | undefined {
  if (names.length === 0) return 0;
  let best: number | undefined;
  for (const raw of names) {
    const name = raw.toLowerCase();
    let rank: number | undefined;
    if (name === '*') rank = 0;
    else if (name === serverName) rank = 1_000;
    else if (name.startsWith('*.') && serverName.length > name.length - 1 && serverName.endsWith(name.slice(1)))
      rank = name.length;
    if (rank !== undefined && (best === undefined || rank > best)) best = rank;
  }
  return best;
}

/** The client's first protocol that any chain has wins. */
function preference(wanted: readonly string[], offered: readonly string[]): number | undefined {
  if (wanted.length === 0) return 0;
  const index = offered.findIndex((protocol) => wanted.includes(protocol));
  return index < 0 ? undefined : offered.length - index;
}

function sourceTypeRank(type: number, local: boolean): number | undefined {
  if (type === SourceType.ANY) return 0;
  return (type === SourceType.SAME_IP_OR_LOOPBACK) === local ? 1 : undefined;
}
