import { at, listAt, textAt } from '../objects/body.ts';
import { type Dumped, originOf } from './config-dump.ts';

export const ROUTE_HEADINGS: readonly string[] = ['NAME', 'VHOST NAME', 'DOMAINS', 'MATCH', 'VIRTUAL SERVICE'];

/** Domains of a virtual host beyond which only their number is shown. */
const MAX_DOMAINS = 2;

/** A row per route, as istioctl shows them; a route configuration whose hosts come on demand and has none yet is a row too. */
export function routeRows(config: Dumped): readonly (readonly string[])[] {
  const name = textAt(config, 'name');
  const hosts = listAt(config, 'virtual_hosts');
  if (hosts.length === 0) return [[name, '', '', at(config, 'vhds') === undefined ? '' : '(on demand)', '']];
  return hosts.flatMap((host) => {
    const start = [name, textAt(host, 'name'), formatDomains(listAt(host, 'domains').map(String))];
    const routes = listAt(host, 'routes');
    if (routes.length === 0) return [[...start, '', '404']];
    return routes.map((route) => [...start, formatMatch(at(route, 'match')), originOf(route)]);
  });
}

function formatDomains(domains: readonly string[]): string {
  const shown = domains.slice(0, MAX_DOMAINS).join(', ');
  return domains.length > MAX_DOMAINS ? `${shown} + ${domains.length - MAX_DOMAINS} more...` : shown;
}

function formatMatch(match: unknown): string {
  const prefix = at(match, 'prefix') === undefined ? '' : `${textAt(match, 'prefix')}*`;
  const separated =
    at(match, 'path_separated_prefix') === undefined ? '' : `${textAt(match, 'path_separated_prefix')}*`;
  const regex = textAt(match, 'safe_regex', 'regex');
  const path = prefix || separated || textAt(match, 'path') || (regex && `regex ${regex}`) || '/*';
  const headers = listAt(match, 'headers').map((header) => textAt(header, 'name'));
  return headers.length > 0 ? `${path} (${headers.join(', ')})` : path;
}
