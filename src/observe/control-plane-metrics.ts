import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { XdsCounters } from '../xds/index.ts';

/** What the metrics are read from, at the moment somebody asks. */
export interface ControlPlaneFacts {
  readonly version: string;
  readonly xds: () => XdsCounters;
  /** Connected proxies by the version of their Envoy. */
  readonly proxies: () => ReadonlyMap<string, number>;
  /** Clusters by the state of their source: synced, syncing, stale, lost. */
  readonly clusters: () => readonly { readonly cluster: string; readonly state: string }[];
  /** When the cluster's root runs out, in milliseconds since the epoch. */
  readonly rootExpiresAtMs: () => number;
}

export interface Metrics {
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
}

/** A gauge or counter whose value is read when it is asked for. */
interface Reading {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: (set: (labels: Record<string, string>, value: number) => void) => void;
}

/** Istio's names (pilot_*, istiod_*, citadel_*) for what is the same thing, so that its dashboards show it. */
export function controlPlaneMetrics(facts: ControlPlaneFacts): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const reading of gauges(facts)) registerGauge(registry, reading);
  for (const reading of counters(facts)) registerCounter(registry, reading);
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

function gauges(facts: ControlPlaneFacts): readonly Reading[] {
  return [
    {
      name: 'istio_build',
      help: 'The version that runs.',
      labels: ['component', 'tag'],
      read: (set) => set({ component: 'pilot', tag: facts.version }, 1),
    },
    {
      name: 'pilot_xds',
      help: 'Proxies that are connected now.',
      labels: ['version'],
      read: (set) => {
        for (const [version, count] of facts.proxies()) set({ version }, count);
      },
    },
    {
      name: 'pilot_xds_subscriptions',
      help: 'Resources that connected proxies hold or have asked for, by type.',
      labels: ['type'],
      read: (set) => {
        for (const [type, { subscriptions }] of Object.entries(facts.xds().types)) set({ type }, subscriptions);
      },
    },
    {
      name: 'istiod_managed_clusters',
      help: 'Clusters of the mesh that are read, by the state of the reading.',
      labels: ['cluster', 'state'],
      read: (set) => {
        for (const { cluster, state } of facts.clusters()) set({ cluster, state }, 1);
      },
    },
    {
      name: 'citadel_server_root_cert_expiry_timestamp',
      help: "When the cluster's root certificate runs out, in seconds since the epoch.",
      labels: [],
      read: (set) => set({}, facts.rootExpiresAtMs() / 1000),
    },
  ];
}

function counters(facts: ControlPlaneFacts): readonly Reading[] {
  const byType = (pick: (type: XdsCounters['types'][string]) => number): Reading['read'] => {
    return (set) => {
      for (const [type, counted] of Object.entries(facts.xds().types)) set({ type }, pick(counted));
    };
  };
  return [
    { name: 'pilot_xds_pushes', help: 'Responses sent.', labels: ['type'], read: byType(({ pushes }) => pushes) },
    {
      name: 'pilot_xds_pushed_bytes',
      help: 'Bytes of responses.',
      labels: ['type'],
      read: byType(({ bytes }) => bytes),
    },
    { name: 'pilot_total_xds_acks', help: 'Responses taken.', labels: ['type'], read: byType(({ acks }) => acks) },
    {
      name: 'pilot_total_xds_rejects',
      help: 'Responses refused.',
      labels: ['type'],
      read: byType(({ nacks }) => nacks),
    },
    {
      name: 'pilot_xds_streams_opened',
      help: 'Streams opened since the start.',
      labels: [],
      read: (set) => set({}, facts.xds().streamsOpened),
    },
    {
      name: 'pilot_xds_streams_refused',
      help: 'Streams refused: no good proof of identity, a limit, a malformed request.',
      labels: [],
      read: (set) => set({}, facts.xds().streamsRefused),
    },
    {
      name: 'pilot_xds_names_refused',
      help: 'Names over the limit of a stream.',
      labels: [],
      read: (set) => set({}, facts.xds().namesRefused),
    },
  ];
}

function registerGauge(registry: Registry, { name, help, labels, read }: Reading): void {
  new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      this.reset();
      read((of, value) => this.set(of, value));
    },
  });
}

/** The counting is done elsewhere: here a counter is set to what was counted. */
function registerCounter(registry: Registry, { name, help, labels, read }: Reading): void {
  new Counter({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      this.reset();
      read((of, value) => this.inc(of, value));
    },
  });
}
