import type { Logger } from 'pino';
import { ControlPlane, DnsListener, meshResponder, ServerCertificate } from '../control-plane/index.ts';
import type { ApiServer } from '../kubernetes-api/index.ts';
import type { MeshConfig } from '../model/index.ts';
import { LogScopes } from '../observe/index.ts';
import { injectionSettings } from '../proxies/index.ts';
import { TrustBundle } from '../security/index.ts';
import { followConfigMaps } from './config-maps.ts';
import { serveStatus } from './http/serve-status.ts';
import { lead } from './leader/lead.ts';
import { clusterMember, joiningClusters } from './members/member-clusters.ts';
import type { MemberState, RemoteClusters } from './members/remote-clusters.ts';
import { followRemoteSecrets } from './members/remote-secrets.ts';
import { readMeshConfig, readPlainYaml } from './mesh-settings.ts';
import type { IstiodSettings } from './settings.ts';
import { type ClusterAuthority, loadClusterAuthority } from './trust/cluster-authority.ts';
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

/** So long is waited for the remote clusters before proxies from an earlier control plane are told of what is known. */
const SETTLE_MS = 10_000;
const SETTLE_LOOK_MS = 50;

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
  #isNaming = false;
  #notReady: string | undefined = 'it has not read the cluster yet';
  /** What is said of the cluster that it is in. */
  #home: MemberState & { readonly sinceMs: number };

  private constructor(options: IstiodOptions) {
    this.#options = options;
    this.#scopes = new LogScopes(options.log);
    this.#home = { kind: 'syncing', error: '', isAway: false, sinceMs: options.now() };
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
    const { settings, api, log, now, version } = this.#options;
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
    config.onMesh((mesh) => plane.setMeshConfig(mesh));
    const leading = lead(api, {
      settings,
      authority,
      plane,
      isServing: () => this.#notReady === undefined,
      isNaming: () => this.#isNaming,
      isComplete: () => this.#notReady === undefined && remotes.isComplete(),
      now,
      log: this.#scopes.scope('leader', 'what one replica does for all'),
    });
    this.#closers.push(leading.stop);
    const { duties } = leading;
    const clusters = this.#scopes.scope('clusters', 'clusters of the mesh that join and leave');
    const remotes = joiningClusters({ settings, plane, trust, duties, now, log: clusters });
    this.#closers.push(() => remotes.stop());
    const secrets = followRemoteSecrets(api, { namespace, log: clusters }, (found) => void remotes.apply(found));
    this.#closers.push(secrets);
    const { authority: signing } = authority;
    const notReady = (): string | undefined => this.#notReady;
    const home = (): MemberState & { readonly sinceMs: number } => this.#home;
    const status = { settings, version, plane, home, remotes, authority: signing, scopes: this.#scopes, notReady };
    this.#closers.push(await serveStatus(status));
    await this.#serveWebhooks(authority, config);
    // Its sources run before it can serve.
    this.#closers.push(() => plane.stop());
    await plane.start();
    await this.#serveNames(plane);
    this.#whenSettled(remotes, () => {
      plane.settle();
      this.#isNaming = true;
      duties.refresh();
    });
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
      const values = readPlainYaml(texts.values, config.injection.values);
      if (values.remark) log.warn(`the ConfigMap istio-sidecar-injector, key values: ${values.remark}`);
      config.injection = { values: values.value, mesh: readPlainYaml(texts.mesh, config.injection.mesh).value };
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
    return new ControlPlane({
      cluster,
      members: [clusterMember({ cluster, api, settings, now, onState: (state) => this.#homeState(state, log) })],
      listen: { address: bindAddress, port: ports.xds },
      loopbackPort: ports.plainXds,
      serverNames,
      isSettling: true,
      ca: of.authority.authority,
      trust: of.trust,
      meshConfig: of.meshConfig,
      now,
      log: this.#scopes.scope('ads', 'streams of proxies'),
    });
  }

  #homeState(state: MemberState, log: Logger): void {
    const { cluster } = this.#options.settings;
    const sinceMs = this.#home.kind === state.kind ? this.#home.sinceMs : this.#options.now();
    this.#home = { ...state, sinceMs };
    const isReading = this.#notReady !== undefined && state.kind === 'syncing';
    if (isReading) this.#notReady = `it reads the cluster: ${state.error || 'not all is there yet'}`;
    if (state.kind === 'synced' && state.error === '') log.info({ cluster, ...state }, 'this cluster is read');
    else log.warn({ cluster, ...state }, 'this cluster is not read (wholly)');
  }

  async #serveWebhooks(authority: ClusterAuthority, config: FollowedConfig): Promise<void> {
    const { settings, now } = this.#options;
    const { bindAddress, ports, serverNames, cluster, network } = settings;
    const ca = authority.authority;
    const certificate = new ServerCertificate({
      ca,
      names: serverNames,
      address: bindAddress,
      now,
      onFailure: (err) =>
        this.#options.log.error({ err }, 'the certificate of the webhooks could not be renewed; it is tried again'),
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

  /**
   * Remote clusters are read while proxies are served already. Until then those that knew a control plane before keep what
   * they have, and no name is said not to be there: it would be taken for the truth.
   */
  #whenSettled(remotes: RemoteClusters, then: () => void): void {
    const { log } = this.#options;
    const endMs = performance.now() + SETTLE_MS;
    const timer = setInterval(() => {
      const isSettled = remotes.isSettled();
      if (!isSettled && performance.now() < endMs) return;
      clearInterval(timer);
      if (!isSettled) log.warn('not all remote clusters can be read; proxies are told of what is known without them');
      then();
    }, SETTLE_LOOK_MS);
    this.#closers.push(() => clearInterval(timer));
  }

  /** The mesh's zones, for the cluster's own DNS to ask. */
  async #serveNames(plane: ControlPlane): Promise<void> {
    const { cluster, bindAddress, ports } = this.#options.settings;
    const listener = new DnsListener(
      { address: bindAddress, port: ports.dns },
      meshResponder({ names: plane.names, cluster, isComplete: () => this.#isNaming }),
    );
    await listener.start();
    this.#closers.push(() => listener.stop());
  }

  /** What was started last ends first. */
  async stop(): Promise<void> {
    this.#notReady = 'it is stopping';
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}
