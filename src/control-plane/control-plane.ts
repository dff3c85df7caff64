import type { Logger } from 'pino';
import { analyze, knowledgeOf } from '../config/index.ts';
import type { Diagnostic } from '../diagnostics/index.ts';
import { diagnose } from '../diagnostics/index.ts';
import { Mesh } from '../mesh/index.ts';
import {
  type ClusterId,
  formatObjectRef,
  type MeshConfig,
  type NetworkId,
  type SocketAddress,
} from '../model/index.ts';
import { type CertificateAuthority, type TokenReviewer, type TrustBundle, WorkloadSecrets } from '../security/index.ts';
import type { ConfigSource } from '../sources/index.ts';
import { AdsServer, type Nack, type StreamStatus } from '../xds/index.ts';
import { admission } from './admission.ts';
import { Ingest } from './ingest.ts';
import { ProxyFeed } from './proxy-feed.ts';
import { type ConnectedProxy, ProxyScopes } from './proxy-scopes.ts';
import { ServerCertificate } from './server-certificate.ts';
import { Translation } from './translation.ts';

/** A member cluster, as one control plane is told of it. */
export interface ControlPlaneMember {
  readonly id: ClusterId;
  readonly network: NetworkId | '';
  readonly source: ConfigSource;
  /** Do its rules and policies count here, not only its services and pods? */
  readonly config: boolean;
  /** Who checks the tokens of its proxies, if they are served here. */
  readonly tokens?: TokenReviewer;
}

export interface ControlPlaneOptions {
  /** Whose configuration it serves. */
  readonly cluster: ClusterId;
  readonly members: readonly ControlPlaneMember[];
  /** Where proxies connect (gRPC over TLS); port 0 takes any free one. */
  readonly listen: SocketAddress;
  /** Issues the certificates of the proxies served here. */
  readonly ca: CertificateAuthority;
  readonly trust: TrustBundle;
  readonly meshConfig: MeshConfig;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** The composition root: sources, mesh, translation, streams, in the order of the data. */
export class ControlPlane {
  readonly cluster: ClusterId;
  private readonly options: ControlPlaneOptions;
  private readonly mesh: Mesh;
  private readonly secrets: WorkloadSecrets;
  private readonly certificate: ServerCertificate;
  private readonly server: AdsServer;
  private readonly ingests = new Map<ClusterId, Ingest>();
  private readonly nacks = new Map<string, Nack>();
  private readonly listeners = new Set<() => void>();
  /** What analysis of the own cluster's objects has found; undefined until somebody asks. */
  private findings: readonly Diagnostic[] | undefined;
  /** Who waits for all proxies to have taken what they were sent. */
  private readonly settling = new Set<() => void>();
  private nextLook: NodeJS.Immediate | undefined;
  private port = 0;

  constructor(options: ControlPlaneOptions) {
    this.options = options;
    this.cluster = options.cluster;
    const { ca, trust, now, log, meshConfig } = options;
    this.mesh = new Mesh({
      home: options.cluster,
      config: meshConfig,
      onError: (error, where) =>
        log.error({ err: error, where }, 'a value could not be computed; the last good one stays'),
    });
    this.secrets = new WorkloadSecrets({ issuer: ca, bundle: trust, now });
    const translation = new Translation(this.mesh);
    const scopes = new ProxyScopes(this.mesh);
    const reviewers = new Map(options.members.flatMap(({ id, tokens }) => (tokens ? [[id, tokens] as const] : [])));
    this.certificate = new ServerCertificate({ ca, address: options.listen.address, now });
    this.server = new AdsServer({
      host: options.listen.address,
      port: options.listen.port,
      tls: this.certificate.pair,
      controlPlane: options.cluster,
      admit: admission({
        scopes,
        reviewers,
        feed: (proxy) =>
          new ProxyFeed(proxy, { scopes, translation, secrets: this.secrets, onGone: (gone) => this.gone(gone) }),
      }),
      onNack: (nack) => this.nacked(nack),
      onRecovered: (nack) => this.recovered(nack),
      onProgress: () => this.progressed(),
    });
    this.certificate.onRenewed((pair) => this.server.replaceCertificate(pair));
  }

  /** Reads every member's objects once, then serves. @throws where the address cannot be bound. */
  async start(): Promise<void> {
    for (const { id, network } of this.options.members) this.mesh.setMember({ id, network });
    await Promise.all(
      this.options.members.map(async ({ id, source, config }) => {
        const ingest = new Ingest(this.mesh, {
          cluster: id,
          withConfig: config,
          onChange: () => this.objectsChanged(),
        });
        this.ingests.set(id, ingest);
        await source.start(ingest);
      }),
    );
    this.port = await this.server.listen();
    this.options.log.info({ address: this.options.listen.address, port: this.port }, 'serving xDS');
  }

  async stop(): Promise<void> {
    await Promise.all(this.options.members.map(({ source }) => source.stop()));
    await this.server.close();
    this.certificate.close();
    this.secrets.close();
  }

  get address(): SocketAddress {
    return { address: this.options.listen.address, port: this.port };
  }

  /** What proxies must trust to speak to this control plane. */
  get serverCaPem(): string {
    return this.options.ca.root.pem;
  }

  status(): readonly StreamStatus[] {
    return this.server.status();
  }

  /** What is wrong with the objects it reads, alone and together, and what proxies refuse. */
  diagnostics(): readonly Diagnostic[] {
    this.findings ??= this.analysis();
    const refused = [...this.nacks.values()].map((nack) => nackDiagnostic(nack));
    return [...[...this.ingests.values()].flatMap(({ diagnostics }) => diagnostics), ...this.findings, ...refused];
  }

  /** Rules and policies are the own cluster's; what they may name is in all of them. */
  private analysis(): readonly Diagnostic[] {
    const own = this.ingests.get(this.cluster);
    if (!own) return [];
    const stores = [...this.ingests.values()].map(({ objects }) => objects);
    const clusters = this.options.members.map(({ id }) => id);
    return analyze(own.objects, knowledgeOf(stores, clusters));
  }

  /** Resolves when every connected proxy has taken what it was sent, or at the deadline. @param deadlineMs from now. */
  async settled(deadlineMs: number): Promise<void> {
    // One turn of the event loop lets the streams hand on what has just changed.
    await new Promise((resolve) => setImmediate(resolve));
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      const isStale = this.status().some(({ types }) => Object.values(types).some(({ state }) => state === 'STALE'));
      if (!isStale) resolve();
    };
    const timer = setTimeout(resolve, deadlineMs);
    this.settling.add(look);
    look();
    await promise;
    clearTimeout(timer);
    this.settling.delete(look);
  }

  /** Answers come in bursts, and to look costs a walk over all streams: once per turn of the event loop is enough. */
  private progressed(): void {
    if (this.settling.size === 0) return;
    this.nextLook ??= setImmediate(() => {
      this.nextLook = undefined;
      for (const look of this.settling) look();
    });
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private objectsChanged(): void {
    this.findings = undefined;
    this.changed();
  }

  /** Streams end on the next turn: the mesh is still telling its change. */
  private gone({ cluster, namespace, pod }: ConnectedProxy): void {
    setImmediate(() => this.server.end({ cluster, namespace, pod }, `The pod ${namespace}/${pod} is gone.`));
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  private nacked(nack: Nack): void {
    this.nacks.set(nackKey(nack), nack);
    this.options.log.warn(
      { proxy: nack.proxy, resource: nack.resource, message: nack.message },
      'a proxy refuses a resource; its last good version stays',
    );
    this.changed();
  }

  private recovered(nack: Nack): void {
    this.nacks.delete(nackKey(nack));
    this.changed();
  }
}

function nackKey({ proxy, type, resource }: Nack): string {
  return JSON.stringify([proxy, type, resource]);
}

function nackDiagnostic(nack: Nack): Diagnostic {
  const [object] = nack.origins;
  const diagnostic = diagnose('PEL5006', {
    proxy: nack.proxy,
    resource: nack.resource,
    problem: nack.message,
    origins: nack.origins.map(formatObjectRef).join(', '),
  });
  return object ? { ...diagnostic, object } : diagnostic;
}
