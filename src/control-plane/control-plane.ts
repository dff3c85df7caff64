import type { Logger } from 'pino';
import { analyze, knowledgeOf } from '../config/index.ts';
import type { Diagnostic } from '../diagnostics/index.ts';
import { type Contact, type DnsNames, Mesh, type ServiceImports } from '../mesh/index.ts';
import type { ClusterId, MeshConfig, NetworkId, RawObject, SocketAddress } from '../model/index.ts';
import { type Authority, type TokenReviewer, type TrustBundle, WorkloadSecrets } from '../security/index.ts';
import type { ConfigSource } from '../sources/index.ts';
import { AdsServer, type Nack, type StreamStatus, type XdsCounters } from '../xds/index.ts';
import { admission } from './admission.ts';
import { Ingest } from './ingest.ts';
import { nackDiagnostic, nackKey } from './nack-diagnostic.ts';
import { ProxyFeed } from './proxy-feed.ts';
import { type ConnectedProxy, ProxyScopes } from './proxy-scopes.ts';
import { SERVER_NAME, ServerCertificate } from './server-certificate.ts';
import { SettledProxies } from './settled-proxies.ts';
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
  /** Those that are there from the start; it is not ready before it has read them. Others come by `addMember`. */
  readonly members: readonly ControlPlaneMember[];
  /** Where proxies connect (gRPC over TLS); port 0 takes any free one. */
  readonly listen: SocketAddress;
  /** The same in plain text, on 127.0.0.1 only, with the same proof of identity; not at all unless given. */
  readonly loopbackPort?: number;
  /** The DNS names by which proxies may call it; {@link SERVER_NAME} alone unless given. */
  readonly serverNames?: readonly string[];
  /** Are there members that come by `addMember` at the start? Then {@link ControlPlane.settle} says when they were read. */
  readonly isSettling?: boolean;
  /** Issues the certificates of the proxies served here. */
  readonly ca: Authority;
  readonly trust: TrustBundle;
  readonly meshConfig: MeshConfig;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** A member with what takes in its objects. */
interface RunningMember {
  readonly member: ControlPlaneMember;
  readonly ingest: Ingest;
  contact: Contact;
}

/** The composition root: sources, mesh, translation, streams, in the order of the data. */
export class ControlPlane {
  readonly cluster: ClusterId;
  private readonly options: ControlPlaneOptions;
  private readonly mesh: Mesh;
  private readonly secrets: WorkloadSecrets;
  private readonly stopAuthority: () => void;
  private readonly certificate: ServerCertificate;
  private readonly server: AdsServer;
  private readonly members = new Map<ClusterId, RunningMember>();
  private readonly reviewers = new Map<ClusterId, TokenReviewer>();
  private readonly nacks = new Map<string, Nack>();
  private readonly listeners = new Set<() => void>();
  /** What analysis of the own cluster's objects has found; undefined until somebody asks. */
  private findings: readonly Diagnostic[] | undefined;
  private readonly settling = new SettledProxies(() => this.status());
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
    this.secrets = new WorkloadSecrets({
      issuer: ca,
      bundle: trust,
      now,
      onRenewalFailure: (identity, err) =>
        log.error({ identity, err }, 'the certificate of a workload could not be renewed; it is tried again'),
    });
    this.stopAuthority = ca.onReplaced(() => this.secrets.replaceIssuer(ca));
    const translation = new Translation(this.mesh);
    const scopes = new ProxyScopes(this.mesh);
    this.certificate = new ServerCertificate({
      ca,
      names: options.serverNames ?? [SERVER_NAME],
      address: options.listen.address,
      now,
      onFailure: (err) => log.error({ err }, 'the certificate for proxies could not be renewed; it is tried again'),
    });
    this.server = new AdsServer({
      host: options.listen.address,
      port: options.listen.port,
      ...(options.loopbackPort === undefined ? {} : { loopbackPort: options.loopbackPort }),
      tls: this.certificate.pair,
      controlPlane: options.cluster,
      isSettling: options.isSettling ?? false,
      admit: admission({
        scopes,
        reviewers: this.reviewers,
        feed: (proxy) =>
          new ProxyFeed(proxy, { scopes, translation, secrets: this.secrets, onGone: (gone) => this.gone(gone) }),
      }),
      onNack: (nack) => this.nacked(nack),
      onRecovered: (nack) => {
        this.nacks.delete(nackKey(nack));
        this.changed();
      },
      onProgress: () => this.settling.progressed(),
    });
    this.certificate.onRenewed((pair) => this.server.replaceCertificate(pair));
  }

  /** Reads every member's objects once, then serves. @throws where the address cannot be bound. */
  async start(): Promise<void> {
    await Promise.all(this.options.members.map((member) => this.addMember(member)));
    this.port = await this.server.listen();
    this.options.log.info({ address: this.options.listen.address, port: this.port }, 'serving xDS');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.members.values()].map(({ member }) => member.source.stop()));
    await this.server.close();
    this.stopAuthority();
    this.certificate.close();
    this.secrets.close();
  }

  /** Takes a cluster into the mesh. Resolves when its objects were read once; nobody has to wait for that. */
  async addMember(member: ControlPlaneMember): Promise<void> {
    const { id, network, source, config, tokens } = member;
    const ingest = new Ingest(this.mesh, {
      cluster: id,
      withConfig: config,
      withSecrets: tokens !== undefined,
      onChange: () => this.objectsChanged(),
    });
    this.members.set(id, { member, ingest, contact: 'live' });
    if (tokens) this.reviewers.set(id, tokens);
    this.mesh.setMember({ id, network });
    await source.start(ingest);
  }

  /**
   * Reads a member by another source from now on (its credentials were changed). What is known of it stays until the new
   * source has read it once, so that no endpoint is lost on the way, and so does the mark that it has.
   */
  async replaceMember(member: ControlPlaneMember): Promise<void> {
    const before = this.members.get(member.id);
    if (!before) return await this.addMember(member);
    const running = { ...before, member };
    this.members.set(member.id, running);
    if (member.tokens) this.reviewers.set(member.id, member.tokens);
    else this.reviewers.delete(member.id);
    await before.member.source.stop();
    // It may have left meanwhile, or been replaced again.
    if (this.members.get(member.id) !== running) return;
    this.markMember(member.id, running.contact);
    await member.source.start(running.ingest.restarted());
  }

  /** Takes a cluster and all that it brought out of the mesh. */
  async removeMember(id: ClusterId): Promise<void> {
    const found = this.members.get(id);
    if (!found) return;
    this.members.delete(id);
    this.reviewers.delete(id);
    await found.member.source.stop();
    // Before its proxies are told that their own pods and neighbours have gone.
    this.server.endCluster(id, `Cluster ${id} is not served by this control plane any more.`);
    this.mesh.removeMember(id);
    this.objectsChanged();
  }

  /** Says whether a member can be asked: endpoints of one that cannot come after all others, and go in the end. */
  markMember(id: ClusterId, contact: Contact): void {
    const found = this.members.get(id);
    if (!found) return;
    found.contact = contact;
    this.mesh.setMember({ id, network: found.member.network, contact });
  }

  /** All members were read that can be: proxies from before this start may be told what has changed. */
  settle(): void {
    this.server.settle();
  }

  setMeshConfig(config: MeshConfig): void {
    this.mesh.setConfig(config);
  }

  get address(): SocketAddress {
    return { address: this.options.listen.address, port: this.port };
  }

  /** What proxies must trust to speak to this control plane. */
  get serverCaPem(): string {
    return this.options.ca.root.pem;
  }

  /** The names of the mesh, as DNS tells them. */
  get names(): DnsNames {
    return this.mesh.names;
  }

  /** Services that stand for those of other clusters only. */
  get imports(): ServiceImports {
    return this.mesh.imports;
  }

  /** What the streams have cost since the start. */
  get xdsCounters(): XdsCounters {
    return this.server.counters;
  }

  status(): readonly StreamStatus[] {
    return this.server.status();
  }

  /** What is wrong with the objects it reads, alone and together, and what proxies refuse. */
  diagnostics(): readonly Diagnostic[] {
    this.findings ??= this.analysis();
    const ofObjects = [...this.members.values()].flatMap(({ ingest }) => ingest.diagnostics);
    return [...ofObjects, ...this.findings, ...[...this.nacks.values()].map(nackDiagnostic)];
  }

  /** The own cluster's objects as they were read, broken ones too: what {@link diagnostics} speaks of. */
  ownObjects(): readonly RawObject[] {
    return this.members.get(this.cluster)?.ingest.objects.raws() ?? [];
  }

  /** Rules and policies are the own cluster's; what they may name is in all of them. */
  private analysis(): readonly Diagnostic[] {
    const own = this.members.get(this.cluster)?.ingest;
    if (!own) return [];
    const stores = [...this.members.values()].map(({ ingest }) => ingest.objects);
    return analyze(own.objects, knowledgeOf(stores, [...this.members.keys()]));
  }

  /** Resolves when every connected proxy has taken what it was sent, or at the deadline. @param deadlineMs from now. */
  async settled(deadlineMs: number): Promise<void> {
    await this.settling.wait(deadlineMs);
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
}
