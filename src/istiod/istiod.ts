import type { Server } from 'node:http';
import type { Logger } from 'pino';
import { parse } from 'yaml';
import { ControlPlane, type ControlPlaneMember, ServerCertificate } from '../control-plane/index.ts';
import type { ApiServer } from '../kubernetes-api/index.ts';
import type { ClusterId, MeshConfig } from '../model/index.ts';
import { controlPlaneMetrics, LogScopes } from '../observe/index.ts';
import { injectionSettings } from '../proxies/index.ts';
import { TrustBundle } from '../security/index.ts';
import { KubernetesSource, type SourceState } from '../sources/index.ts';
import { followConfigMaps } from './config-maps.ts';
import { debugInterface } from './http/debug.ts';
import { closeHttp, listenHttp } from './http/http-listener.ts';
import { monitoring } from './http/monitoring.ts';
import { lead } from './leader/lead.ts';
import type { LeaderDuties } from './leader/leader-duties.ts';
import { type JoinedMember, type MemberState, RemoteClusters } from './members/remote-clusters.ts';
import { followRemoteSecrets } from './members/remote-secrets.ts';
import { readMeshConfig } from './mesh-settings.ts';
import type { IstiodSettings } from './settings.ts';
import { type ClusterAuthority, loadClusterAuthority } from './trust/cluster-authority.ts';
import { MemberRoots } from './trust/member-roots.ts';
import { kubernetesTokenReviewer } from './trust/token-reviewer.ts';
import { createInjectionHandler, createValidationHandler } from './webhook/index.ts';
import { WebhookServer } from './webhook/webhook-server.ts';

export interface IstiodOptions {
  readonly settings: IstiodSettings;
  /** The API server of the cluster that it is in. */
  readonly api: ApiServer;
  readonly version: string;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What the ConfigMaps say now, and what they come to say. */
interface FollowedConfig {
  readonly mesh: MeshConfig;
  /** Parsed, as injection takes them. */
  readonly injection: { readonly values: unknown; readonly mesh: unknown };
  onMesh(listener: (mesh: MeshConfig) => void): void;
}

/** A control plane in a pod, with all that runs around it. */
export class Istiod {
  readonly #options: IstiodOptions;
  readonly #scopes: LogScopes;
  readonly #closers: (() => void | Promise<void>)[] = [];
  #notReady: string | undefined = 'it has not read the cluster yet';

  private constructor(options: IstiodOptions) {
    this.#options = options;
    this.#scopes = new LogScopes(options.log);
  }

  /**
   * Starts everything, in the order in which one thing needs the other. Resolves when proxies are served.
   * @throws ApiError, SecurityError where the cluster cannot be read or has no usable authority.
   */
  static async start(options: IstiodOptions): Promise<Istiod> {
    const istiod = new Istiod(options);
    try {
      await istiod.#start();
      return istiod;
    } catch (error) {
      await istiod.stop();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { settings, api, log, now } = this.#options;
    const { cluster, namespace } = settings;
    const config = await this.#followConfig();
    const { trustDomain } = config.mesh;
    const authority = await loadClusterAuthority(api, { cluster, namespace, trustDomain, now, log });
    this.#closers.push(() => authority.stop());
    authority.follow();
    const trust = new TrustBundle({ trustDomain, now });
    trust.set(cluster, authority.roots);
    this.#closers.push(authority.onRootsChange(() => trust.set(cluster, authority.roots)));
    const plane = this.#controlPlane({ authority, trust, meshConfig: config.mesh });
    const leaderLog = this.#scopes.scope('leader', 'what one replica does for all');
    const isServing = (): boolean => this.#notReady === undefined;
    const { duties, stop } = lead(api, { settings, authority, plane, isServing, now, log: leaderLog });
    this.#closers.push(stop);
    config.onMesh((mesh) => plane.setMeshConfig(mesh));
    const remotes = this.#remotes({ plane, trust, duties });
    await this.#listen({ plane, remotes, authority });
    await this.#serveWebhooks(authority, config);
    await plane.start();
    this.#closers.push(() => plane.stop());
    this.#notReady = undefined;
    duties.refresh();
    log.info({ cluster, network: settings.network }, 'istiod is ready');
  }

  async #followConfig(): Promise<FollowedConfig> {
    const { settings, api } = this.#options;
    const log = this.#scopes.scope('config', 'settings of the mesh and of injection');
    const listeners = new Set<(mesh: MeshConfig) => void>();
    const config = {
      mesh: readMeshConfig('').config,
      injection: { values: undefined, mesh: undefined } as FollowedConfig['injection'],
      onMesh: (listener: (mesh: MeshConfig) => void) => void listeners.add(listener),
    };
    const stop = await followConfigMaps(api, { ...settings, log }, (texts) => {
      const read = readMeshConfig(texts.mesh, config.mesh);
      for (const remark of read.remarks) log.warn(`the ConfigMap istio, key mesh: ${remark}`);
      config.mesh = read.config;
      config.injection = { values: parseYaml(texts.values), mesh: parseYaml(texts.mesh) };
      for (const listener of listeners) listener(read.config);
    });
    this.#closers.push(stop);
    return config;
  }

  #controlPlane(of: {
    readonly authority: ClusterAuthority;
    readonly trust: TrustBundle;
    readonly meshConfig: MeshConfig;
  }): ControlPlane {
    const { settings, api, now } = this.#options;
    const { cluster, bindAddress, ports, serverNames } = settings;
    const log = this.#scopes.scope('source', 'what is read of API servers');
    const home = this.#member(cluster, api, (state) => {
      if (this.#notReady !== undefined && state.kind === 'syncing')
        this.#notReady = `reading the cluster: ${state.error}`;
      const fields = { cluster, ...state };
      if (state.kind === 'synced' && state.error === '') log.info(fields, 'this cluster is read');
      else log.warn(fields, 'this cluster is not read (wholly) yet');
    });
    return new ControlPlane({
      cluster,
      members: [home],
      listen: { address: bindAddress, port: ports.xds },
      serverNames,
      ca: of.authority.authority,
      trust: of.trust,
      meshConfig: of.meshConfig,
      now,
      log: this.#scopes.scope('ads', 'streams of proxies'),
    });
  }

  /** A cluster as a member: rules count where the control plane is (Istio: primary and remote). */
  #member(cluster: ClusterId, api: ApiServer, onState: (state: MemberState) => void): ControlPlaneMember {
    const { settings, now } = this.#options;
    const isHome = cluster === settings.cluster;
    return {
      id: cluster,
      network: isHome ? settings.network : (cluster as string as typeof settings.network),
      source: new KubernetesSource({
        cluster,
        api,
        kinds: isHome ? 'all' : 'registry',
        onState: (state) => onState(memberState(state)),
        now,
      }),
      config: isHome,
      tokens: kubernetesTokenReviewer(api, { cluster, now }),
    };
  }

  #remotes(of: {
    readonly plane: ControlPlane;
    readonly trust: TrustBundle;
    readonly duties: LeaderDuties;
  }): RemoteClusters {
    const { plane, trust, duties } = of;
    const { settings, api, now } = this.#options;
    const log = this.#scopes.scope('clusters', 'clusters of the mesh that join and leave');
    const joined = (cluster: ClusterId, remote: ApiServer): JoinedMember => {
      const roots = new MemberRoots(remote, { cluster, namespace: settings.namespace, bundle: trust, now, log });
      roots.start();
      duties.joined(cluster, remote);
      return {
        api: remote,
        leave: async () => {
          await plane.removeMember(cluster);
          await duties.left(cluster);
          await roots.leave();
        },
        release: () => {
          void roots.stop();
          remote.close();
        },
      };
    };
    const remotes = new RemoteClusters({
      home: settings.cluster,
      join: (cluster, remote, onState) => {
        void plane.addMember(this.#member(cluster, remote, onState));
        return joined(cluster, remote);
      },
      rejoin: (cluster, remote, onState) => {
        void plane.replaceMember(this.#member(cluster, remote, onState));
        return joined(cluster, remote);
      },
      mark: (cluster, contact) => plane.markMember(cluster, contact),
      lostAfterMs: settings.lostAfterMs,
      now,
      log,
    });
    this.#closers.push(() => remotes.stop());
    this.#closers.push(
      followRemoteSecrets(api, { namespace: settings.namespace, log }, (secrets) => void remotes.apply(secrets)),
    );
    return remotes;
  }

  async #listen(of: {
    readonly plane: ControlPlane;
    readonly remotes: RemoteClusters;
    readonly authority: ClusterAuthority;
  }): Promise<void> {
    const { settings, version } = this.#options;
    const { ports, bindAddress } = settings;
    const { plane, remotes, authority } = of;
    const metrics = controlPlaneMetrics({
      version,
      xds: () => plane.xdsCounters,
      proxies: () => countBy(plane.status(), ({ version: envoy }) => envoy),
      clusters: () => remotes.list(),
      rootExpiresAtMs: () => authority.authority.root.notAfter,
    });
    const views = {
      '/debug/syncz': () => plane.status(),
      '/debug/diagnostics': () => plane.diagnostics(),
      '/debug/clusterz': () => remotes.list(),
      '/debug/clusters': () => remotes.list(),
    };
    const servers: Server[] = [];
    this.#closers.push(async () => {
      await Promise.all(servers.map(closeHttp));
    });
    const open = monitoring({ metrics, notReady: () => this.#notReady, version });
    servers.push((await listenHttp({ address: bindAddress, port: ports.monitoring }, open)).server);
    const debug = debugInterface(views, this.#scopes);
    servers.push((await listenHttp({ address: '127.0.0.1', port: ports.debug }, debug)).server);
  }

  async #serveWebhooks(authority: ClusterAuthority, config: FollowedConfig): Promise<void> {
    const { settings, now } = this.#options;
    const { bindAddress, ports, serverNames, cluster, network } = settings;
    const certificate = new ServerCertificate({
      ca: authority.authority,
      names: serverNames,
      address: bindAddress,
      now,
    });
    this.#closers.push(() => certificate.close());
    const injection = createInjectionHandler({
      settings: (path) =>
        injectionSettings({
          ...config.injection,
          cluster: path.cluster || cluster,
          network: path.network || network,
        }),
      log: this.#scopes.scope('injection', 'proxies that pods get'),
    });
    const validation = createValidationHandler({
      cluster,
      log: this.#scopes.scope('validation', 'objects before they are stored'),
    });
    const server = new WebhookServer(certificate, [injection, validation]);
    await server.listen({ address: bindAddress, port: ports.webhook });
    this.#closers.push(() => server.close());
  }

  /** What was started last ends first. */
  async stop(): Promise<void> {
    this.#notReady = 'it is stopping';
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}

/** What `install` wrote is YAML; what is none counts as nothing, and its author was told. */
function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}

function memberState(state: SourceState): MemberState {
  const problems = state.problems.map(({ kind, error }) => `${kind}: ${error}`);
  const error = 'error' in state && state.error ? [state.error] : [];
  return { kind: state.kind, error: [...error, ...problems].join('; ') };
}

function countBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}
