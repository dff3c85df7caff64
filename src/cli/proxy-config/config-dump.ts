import { at, listAt, textAt } from '../objects/body.ts';

/** One resource as Envoy's admin interface writes it: JSON with proto field names. */
export type Dumped = Readonly<Record<string, unknown>>;

/** Envoy's `/config_dump?include_eds`, taken apart. Every list is in the order of names. */
export interface ConfigDump {
  readonly listeners: readonly Dumped[];
  readonly routes: readonly Dumped[];
  readonly clusters: readonly Dumped[];
  readonly secrets: readonly DumpedSecret[];
  /** Filters that come by themselves (ECDS). */
  readonly extensions: readonly Dumped[];
  readonly bootstrap: Dumped;
}

export interface DumpedSecret {
  readonly name: string;
  /** WARMING: asked for, and not there yet. */
  readonly state: 'ACTIVE' | 'WARMING';
  readonly secret: Dumped;
}

/** Reads the answer of `/config_dump`; parts that are missing are empty. */
export function parseConfigDump(value: unknown): ConfigDump {
  const parts = new Map(listAt(value, 'configs').map((part) => [textAt(part, '@type').split('.').at(-1) ?? '', part]));
  const ofPart = (part: string, list: string, ...path: readonly string[]): readonly Dumped[] =>
    listAt(parts.get(part), list).flatMap((entry) => listOfDumped(at(entry, ...path)));
  return {
    listeners: byName([
      ...ofPart('ListenersConfigDump', 'dynamic_listeners', 'active_state', 'listener'),
      ...ofPart('ListenersConfigDump', 'static_listeners', 'listener'),
    ]),
    routes: byName([
      ...ofPart('RoutesConfigDump', 'dynamic_route_configs', 'route_config'),
      ...ofPart('RoutesConfigDump', 'static_route_configs', 'route_config'),
    ]),
    clusters: byName([
      ...ofPart('ClustersConfigDump', 'dynamic_active_clusters', 'cluster'),
      ...ofPart('ClustersConfigDump', 'static_clusters', 'cluster'),
    ]),
    secrets: [
      ...secretsOf(parts.get('SecretsConfigDump'), 'dynamic_active_secrets', 'ACTIVE'),
      ...secretsOf(parts.get('SecretsConfigDump'), 'static_secrets', 'ACTIVE'),
      ...secretsOf(parts.get('SecretsConfigDump'), 'dynamic_warming_secrets', 'WARMING'),
    ].sort((a, b) => (a.name < b.name ? -1 : 1)),
    extensions: byName(ofPart('EcdsConfigDump', 'ecds_filters', 'ecds_filter')),
    bootstrap: asDumped(at(parts.get('BootstrapConfigDump'), 'bootstrap')) ?? {},
  };
}

function secretsOf(part: unknown, list: string, state: DumpedSecret['state']): readonly DumpedSecret[] {
  return listAt(part, list).map((entry) => ({
    name: textAt(entry, 'name') || textAt(entry, 'secret', 'name'),
    state,
    secret: asDumped(at(entry, 'secret')) ?? {},
  }));
}

function listOfDumped(value: unknown): readonly Dumped[] {
  const dumped = asDumped(value);
  return dumped ? [dumped] : [];
}

function asDumped(value: unknown): Dumped | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Dumped) : undefined;
}

function byName(resources: readonly Dumped[]): readonly Dumped[] {
  return [...resources].sort((a, b) => (textAt(a, 'name') < textAt(b, 'name') ? -1 : 1));
}

/** The Istio object that a resource says it comes from: `reviews.default`; empty where it says none. */
export function originOf(resource: unknown): string {
  const path = textAt(resource, 'metadata', 'filter_metadata', 'istio', 'config');
  const match = /\/namespaces\/([^/]+)\/[^/]+\/([^/]+)$/.exec(path);
  return match ? `${match[2]}.${match[1]}` : '';
}

const KEYS: readonly string[] = ['private_key', 'session_ticket_keys', 'generic_secret', 'password'];

/** The value without anything that is secret, whatever Envoy's own dump has left in. */
export function withoutKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      KEYS.includes(name) && !isFileOnly(field) ? '[redacted]' : withoutKeys(field),
    ]),
  );
}

/** The path of a key file is no secret. */
function isFileOnly(value: unknown): boolean {
  return Object.keys((value ?? {}) as object).join() === 'filename';
}
