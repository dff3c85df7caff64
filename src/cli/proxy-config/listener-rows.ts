import { at, listAt, textAt } from '../objects/body.ts';
import type { Dumped } from './config-dump.ts';
import { addressOf } from './filter.ts';

export const LISTENER_HEADINGS: readonly string[] = ['ADDRESSES', 'PORT', 'MATCH', 'DESTINATION'];

/** By port, then address, as istioctl has them; internal ones last. */
export function sortListeners(listeners: readonly Dumped[]): readonly Dumped[] {
  const portOf = (listener: Dumped): number => Number(addressOf(listener).port || Number.MAX_SAFE_INTEGER);
  return [...listeners].sort((a, b) => portOf(a) - portOf(b) || (addressOf(a).address < addressOf(b).address ? -1 : 1));
}

/** A row per filter chain, as istioctl shows listeners. */
export function listenerRows(listener: Dumped): readonly (readonly string[])[] {
  const { address, port } = addressOf(listener);
  const more = listAt(listener, 'additional_addresses').map((each) => addressOf(each).address);
  const isInternal = at(listener, 'internal_listener') !== undefined;
  // An internal listener has no address but its name, by which endpoints refer to it.
  const start = isInternal ? [`internal: ${textAt(listener, 'name')}`, ''] : [[address, ...more].join(','), port];
  const fallback = at(listener, 'default_filter_chain');
  return [
    ...listAt(listener, 'filter_chains').map((chain) => [
      ...start,
      formatMatch(at(chain, 'filter_chain_match')),
      destinationOf(chain),
    ]),
    ...(fallback === undefined ? [] : [[...start, 'ALL', destinationOf(fallback)]]),
  ];
}

function formatMatch(match: unknown): string {
  const list = (field: string): string => listAt(match, field).map(String).join(',');
  const ranges = listAt(match, 'prefix_ranges').map(
    (range) => `${textAt(range, 'address_prefix')}/${textAt(range, 'prefix_len')}`,
  );
  const port = textAt(match, 'destination_port');
  const parts = [
    ['SNI', list('server_names')],
    ['Trans', textAt(match, 'transport_protocol')],
    ['App', list('application_protocols')],
    ['Addr', `${ranges.join(',')}${port && `:${port}`}`],
  ] as const;
  return (
    parts
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}: ${value}`)
      .join('; ') || 'ALL'
  );
}

/** Where the last filter that routes sends a connection. */
function destinationOf(chain: unknown): string {
  for (const filter of listAt(chain, 'filters')) {
    const config = at(filter, 'typed_config');
    const type = textAt(config, '@type').split('.').at(-1);
    if (type === 'HttpConnectionManager') return httpDestination(config);
    if (type === 'TcpProxy') return tcpDestination(config);
  }
  return 'Non-HTTP/Non-TCP';
}

function httpDestination(config: unknown): string {
  const route = textAt(config, 'rds', 'route_config_name');
  if (route !== '') return `Route: ${route}`;
  if (at(config, 'scoped_routes') !== undefined) return `Scoped routes: ${textAt(config, 'scoped_routes', 'name')}`;
  const clusters = new Set(
    listAt(config, 'route_config', 'virtual_hosts').flatMap((host) =>
      listAt(host, 'routes').map((one) => textAt(one, 'route', 'cluster') || 'other'),
    ),
  );
  return `Inline Route: ${[...clusters].join(', ')}`;
}

function tcpDestination(config: unknown): string {
  const cluster = textAt(config, 'cluster');
  if (cluster !== '') return `Cluster: ${cluster}${at(config, 'on_demand') === undefined ? '' : ' (on demand)'}`;
  const weighted = listAt(config, 'weighted_clusters', 'clusters').map(
    (one) => `${textAt(one, 'name')}=${textAt(one, 'weight')}`,
  );
  return weighted.length > 0 ? `Weighted: ${weighted.join(', ')}` : 'TCP';
}
