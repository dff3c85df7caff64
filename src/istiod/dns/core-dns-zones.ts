import type { Logger } from 'pino';
import {
  ApiError,
  type ApiServer,
  isNotFound,
  type KubernetesList,
  type KubernetesObject,
  type RequestOptions,
  resourcePath,
} from '../../kubernetes-api/index.ts';
import type { DnsNames, DnsTable } from '../../mesh/index.ts';
import type { ClusterId } from '../../model/index.ts';
import {
  askedAddress,
  type CorefileZones,
  foreignZones,
  ownZones,
  withoutZones,
  withZones,
  type ZoneSource,
} from './corefile.ts';
import { inlineZones, MAX_INLINE_NAMES } from './inline-zones.ts';
import { RepeatedTask } from './repeated-task.ts';

/** Where kubeadm, kind, k3s, EKS and others have CoreDNS' configuration. */
const CONFIG_MAP = resourcePath({
  apiVersion: 'v1',
  resource: 'configmaps',
  namespace: 'kube-system',
  name: 'coredns',
});
const KEY = 'Corefile';
/** An object of Kubernetes has at most 1 MiB. */
const MAX_COREFILE = 900_000;
/** CoreDNS itself looks every 30 seconds, and kubelet takes up to a minute to tell it. */
const EVERY_MS = 2_000;
/** Configuration that has data in it makes CoreDNS load it again, so it changes seldom. */
const INLINE_EVERY_MS = 10_000;
/** So often it is read although nothing has changed here: somebody else may have written it. */
const REREAD_MS = 60_000;
/** The same while another revision keeps it, which may go at any time. */
const REREAD_OF_OTHER_MS = 5_000;
/** The DNS Services of control planes: `istiod-dns`, and with a revision `istiod-dns-<revision>`. */
const DNS_SERVICE = /^istiod-dns(-|$)/;
/**
 * A cluster that leaves often comes back, as when its remote secret is made anew. Until then its zone stays with the control plane: each
 * change of the configuration takes up to 90 seconds to arrive. Names of several labels may be somebody else's, and go at once.
 */
const CLUSTER_STAYS_MS = 600_000;
const ATTEMPTS = 5;
const DNS_PORT = 53;

/** Where a cluster's DNS server is to get the mesh's names. */
export type ZonesFrom =
  /** The cluster IP of the control plane's DNS Service in the same cluster. */
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string }
  /** From its configuration, because it reaches no control plane. */
  | {
      readonly kind: 'inline';
      /** Are all members read? Until then names of some may be missing, and nothing is written. */
      readonly isComplete: () => boolean;
    };

export interface CoreDnsZonesOptions {
  readonly api: ApiServer;
  readonly cluster: ClusterId;
  readonly names: DnsNames;
  readonly from: ZonesFrom;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const NO_TABLE: DnsTable = { names: [], omitted: 0 };

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * Keeps the mesh's zones in the Corefile of a cluster, as the leader of the control plane's replicas. To be begun when
 * the own cluster has been read. Writes only what differs, and only onto what it has read.
 */
export class CoreDnsZones {
  readonly #options: CoreDnsZonesOptions;
  readonly #task: RepeatedTask;
  #written = '';
  #readAtMs = 0;
  #isKeptByOther = false;
  #told = '';
  /** Zones of clusters that have left, and when that was seen. */
  readonly #leftAtMs = new Map<string, number>();

  constructor(options: CoreDnsZonesOptions) {
    this.#options = options;
    this.#task = new RepeatedTask({
      run: async (signal) => await this.#keep(signal),
      everyMs: options.from.kind === 'inline' ? INLINE_EVERY_MS : EVERY_MS,
      onFailure: (error) => this.#failed(error),
    });
  }

  /** Leaves the zones where they are: another replica goes on. */
  async stop(): Promise<void> {
    await this.#task.stop();
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { names, cluster, from, now, api } = this.#options;
    if (from.kind === 'inline' && !from.isComplete()) return;
    const table = from.kind === 'inline' ? names.table(cluster, MAX_INLINE_NAMES) : NO_TABLE;
    const zones = names.zones();
    const wanted = JSON.stringify([zones, table]);
    const rereadMs = this.#isKeptByOther ? REREAD_OF_OTHER_MS : REREAD_MS;
    if ((this.#isKeptByOther || wanted === this.#written) && now() - this.#readAtMs < rereadMs) return;
    const source = await this.#source(from, table, signal);
    if (source) {
      const change = async (corefile: string): Promise<string> => {
        this.#isKeptByOther = from.kind === 'service' && (await this.#keptByOther(corefile, from, signal));
        return this.#isKeptByOther ? corefile : this.#checked(corefile, { zones, source });
      };
      await rewrite(api, change, { signal });
    }
    this.#written = wanted;
    this.#readAtMs = now();
  }

  /**
   * Does it ask the control plane of another revision that is there? All of a mesh know the same names, and one is enough:
   * two that both wrote themselves in would take turns. Who is there first stays until its Service goes.
   */
  async #keptByOther(
    corefile: string,
    { namespace, name }: ZonesFrom & { readonly kind: 'service' },
    signal: AbortSignal,
  ): Promise<boolean> {
    const asked = askedAddress(corefile);
    if (asked === undefined) return false;
    const path = resourcePath({ apiVersion: 'v1', resource: 'services', namespace });
    const { items } = await this.#options.api.get<KubernetesList>(path, { signal });
    return items.some(({ metadata, spec }) => {
      const { clusterIP } = (spec ?? {}) as { readonly clusterIP?: string };
      return clusterIP === asked && metadata.name !== name && DNS_SERVICE.test(metadata.name);
    });
  }

  async #source(from: ZonesFrom, { names, omitted }: DnsTable, signal: AbortSignal): Promise<ZoneSource | undefined> {
    if (from.kind === 'inline') {
      if (omitted > 0)
        this.#tell(`${omitted} names are too many for the DNS server's configuration and resolve here only in part`);
      return { kind: 'inline', directives: inlineZones(names) };
    }
    const { namespace, name } = from;
    const path = resourcePath({ apiVersion: 'v1', resource: 'services', namespace, name });
    const service = await this.#options.api.get(path, { signal });
    const address = (service['spec'] as { readonly clusterIP?: string } | undefined)?.clusterIP;
    if (address && address !== 'None') return { kind: 'forward', to: { address, port: DNS_PORT } };
    this.#tell(`the Service ${namespace}/${name} has no cluster IP, so the cluster's DNS cannot ask it`);
    return undefined;
  }

  /** Zones of clusters that have left not long ago. */
  #staying(corefile: string, zones: readonly string[]): readonly string[] {
    const now = this.#options.now();
    const left = ownZones(corefile).filter((zone) => !zone.includes('.') && !zones.includes(zone));
    for (const zone of this.#leftAtMs.keys()) if (!left.includes(zone)) this.#leftAtMs.delete(zone);
    for (const zone of left) if (!this.#leftAtMs.has(zone)) this.#leftAtMs.set(zone, now);
    return left.filter((zone) => now - (this.#leftAtMs.get(zone) ?? now) < CLUSTER_STAYS_MS);
  }

  #checked(corefile: string, { zones, source }: CorefileZones): string {
    const staying = source.kind === 'forward' ? this.#staying(corefile, zones) : [];
    const wanted = { zones: [...zones, ...staying].sort(), source };
    const foreign = foreignZones(corefile).filter((zone) => wanted.zones.includes(zone));
    if (foreign.length > 0)
      this.#tell(`the Corefile has server blocks for ${foreign.join(', ')} already, which stay as they are`);
    const next = withZones(corefile, wanted);
    if (next.length <= MAX_COREFILE) return next;
    this.#tell(`the Corefile would have ${next.length} characters, more than ${MAX_COREFILE}, and is not changed`);
    return corefile;
  }

  #failed(error: unknown): void {
    if (isNotFound(error)) {
      this.#tell(
        'there is no ConfigMap kube-system/coredns: let the DNS of this cluster ask the Service istiod-dns for the zones of the mesh',
      );
    } else this.#tell(`the zones cannot be kept in CoreDNS: ${error instanceof Error ? error.message : String(error)}`);
  }

  /** Each thing once, until there is another to say. */
  #tell(text: string): void {
    if (text === this.#told) return;
    this.#told = text;
    this.#options.log.warn({ cluster: this.#options.cluster }, text);
  }
}

/** Takes the mesh's zones out of a cluster's Corefile, when the mesh is uninstalled. @throws ApiError. */
export async function removeCoreDnsZones(api: ApiServer): Promise<void> {
  try {
    await rewrite(api, withoutZones);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Changes the Corefile as it is now; where somebody else was faster, again. @throws ApiError. */
async function rewrite(
  api: ApiServer,
  change: (corefile: string) => string | Promise<string>,
  options: Pick<RequestOptions, 'signal'> = {},
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const map = await api.get<ConfigMap>(CONFIG_MAP, options);
    const corefile = map.data?.[KEY] ?? '';
    const next = corefile === '' ? '' : await change(corefile);
    if (corefile === '' || next === corefile) return;
    try {
      await api.send('PUT', CONFIG_MAP, { ...map, data: { ...map.data, [KEY]: next } }, options);
      return;
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 409 && attempt < ATTEMPTS)) throw error;
    }
  }
}
