import type { RawObject } from '../../model/index.ts';
import type { ConfigSource, SourceSink } from '../../sources/index.ts';
import type { StandIn } from './stand-ins.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A source in which ServiceEntries that lead to a host with a stand-in lead to the stand-in's real ports: port 80 of
 * `api.example.com` cannot be bound without privileges, so it is another one here. Nobody after this source knows of it;
 * the object itself stays in the store as its author wrote it.
 */
export function withStandIns(source: ConfigSource, standIns: readonly StandIn[]): ConfigSource {
  if (standIns.length === 0) return source;
  return {
    start: (sink: SourceSink) =>
      source.start({
        apply: (batch) => sink.apply({ ...batch, set: batch.set.map((raw) => redirect(raw, standIns)) }),
      }),
    stop: () => source.stop(),
  };
}

/** The object as it is to be used on this machine; the same object where there is nothing to change. */
export function redirect(raw: RawObject, standIns: readonly StandIn[]): RawObject {
  if (raw.ref.kind !== 'ServiceEntry') return raw;
  const spec = fieldsOf(raw.body['spec']);
  const ports = listOf(spec['ports']).map(fieldsOf);
  const given = listOf(spec['endpoints']).map(fieldsOf);
  const endpoints = given.length > 0 ? given : impliedEndpoints(spec, standIns);
  let isChanged = false;
  const redirected = endpoints.map((endpoint) => {
    const standIn = standIns.find(({ host }) => host === String(endpoint['address']).toLowerCase());
    if (!standIn) return endpoint;
    isChanged = true;
    return { ...endpoint, ports: realPorts(ports, fieldsOf(endpoint['ports']), standIn) };
  });
  if (!isChanged) return raw;
  return { ...raw, body: { ...raw.body, spec: { ...spec, endpoints: redirected } } };
}

/** A ServiceEntry with resolution DNS and no endpoints leads to its own host. */
function impliedEndpoints(spec: Fields, standIns: readonly StandIn[]): readonly Fields[] {
  const hosts = listOf(spec['hosts']);
  const [host] = hosts;
  const byName = spec['resolution'] === 'DNS' || spec['resolution'] === 'DNS_ROUND_ROBIN';
  const isKnown = standIns.some((standIn) => standIn.host === host);
  return byName && hosts.length === 1 && isKnown && spec['workloadSelector'] === undefined ? [{ address: host }] : [];
}

/** Port name to real port; ports for which the stand-in has none stay as they are. */
function realPorts(ports: readonly Fields[], given: Fields, { sockets }: StandIn): Fields {
  const entries = ports.flatMap((port) => {
    const name = String(port['name'] ?? '');
    const meant = Number(given[name] ?? port['targetPort'] ?? port['number']);
    const real = sockets.get(meant)?.port ?? given[name];
    return name === '' || real === undefined ? [] : [[name, real] as const];
  });
  return { ...given, ...Object.fromEntries(entries) };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
