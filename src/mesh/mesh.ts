import type { ConfigObject } from '../config/index.ts';
import { Graph, type OnError, structuralEqual, type Table } from '../graph/index.ts';
import {
  type ClusterId,
  DEFAULT_MESH_CONFIG,
  formatObjectRef,
  type MeshConfig,
  type NetworkId,
  type ObjectRef,
} from '../model/index.ts';
import { AddressBlocks } from './address-blocks.ts';
import { Addresses } from './addresses.ts';
import { CalledPorts } from './called-ports.ts';
import { DnsNames } from './dns-names.ts';
import { Endpoints } from './endpoints.ts';
import { Gateways } from './gateways.ts';
import { HeadlessPods } from './headless-pods.ts';
import { HostResolution } from './host-resolution.ts';
import type { Member } from './member.ts';
import { isMeshKind, type MeshObject, type ObjectTables, objectTables } from './objects.ts';
import { Placement } from './placement.ts';
import { Policies } from './policies.ts';
import { ServiceImports } from './service-imports.ts';
import { TrafficRules } from './traffic-rules.ts';
import { Workloads } from './workloads.ts';

/** The mesh as translation reads it. Every read inside a live query is tracked. */
export interface MeshView {
  /** Tracked: the mesh-wide settings may change while it runs. */
  readonly config: MeshConfig;
  /** The cluster whose configuration counts here. */
  readonly home: ClusterId;
  readonly hosts: HostResolution;
  readonly endpoints: Endpoints;
  readonly rules: TrafficRules;
  readonly policies: Policies;
  readonly gateways: Gateways;
  readonly workloads: Workloads;
  readonly addresses: Addresses;
  readonly names: DnsNames;
  readonly headless: HeadlessPods;
  readonly blocks: AddressBlocks;
  readonly calledPorts: CalledPorts;
  readonly imports: ServiceImports;
  /** Names of the member clusters, sorted. */
  members(): readonly string[];
  pod(cluster: ClusterId, namespace: string, name: string): MeshObject<'Pod'> | undefined;
  /** A Secret with a key pair or roots, of the proxy's own cluster. Tracked. */
  secret(cluster: ClusterId, namespace: string, name: string): MeshObject<'Secret'> | undefined;
  /** Has some member cluster a service in a namespace of this name? Tracked. */
  hasNamespace(name: string): boolean;
}

/** The key of the one row of settings. */
const SETTINGS = 'mesh';

/** All clusters as one model, as the control plane of one of them sees it. */
export class Mesh implements MeshView {
  readonly home: ClusterId;
  readonly graph: Graph;
  readonly hosts: HostResolution;
  readonly endpoints: Endpoints;
  readonly rules: TrafficRules;
  readonly policies: Policies;
  readonly gateways: Gateways;
  readonly workloads: Workloads;
  readonly addresses: Addresses;
  readonly names: DnsNames;
  readonly headless: HeadlessPods;
  readonly blocks: AddressBlocks;
  readonly calledPorts: CalledPorts;
  readonly imports: ServiceImports;
  private readonly tables: ObjectTables;
  private readonly memberTable: Table<Member>;
  private readonly settings: Table<MeshConfig>;

  constructor(options: { readonly home: ClusterId; readonly config: MeshConfig; readonly onError?: OnError }) {
    const { home, config } = options;
    this.home = home;
    this.graph = new Graph(options.onError ? { onError: options.onError } : {});
    this.settings = this.graph.table<MeshConfig>('mesh config', { equal: structuralEqual });
    this.settings.set(SETTINGS, config);
    this.tables = objectTables(this.graph);
    this.memberTable = this.graph.table<Member>('members', { equal: structuralEqual });
    const base = { graph: this.graph, tables: this.tables };
    this.hosts = new HostResolution({ ...base, home, isMember: (cluster) => this.memberTable.has(cluster) });
    const placement = new Placement({
      tables: this.tables,
      networkOf: (cluster): NetworkId | '' => this.memberTable.get(cluster)?.network ?? '',
      trustDomain: config.trustDomain,
      rootNamespace: config.rootNamespace,
    });
    this.endpoints = new Endpoints({
      ...base,
      placement,
      members: () => this.memberTable.keys(),
      contact: (cluster) => this.memberTable.get(cluster)?.contact ?? 'live',
    });
    this.rules = new TrafficRules(this.tables, { home, rootNamespace: config.rootNamespace, hosts: this.hosts });
    this.policies = new Policies(this.tables, home, config.rootNamespace);
    this.gateways = new Gateways({ graph: this.graph, tables: this.tables, home, endpoints: this.endpoints });
    this.workloads = new Workloads(this.graph, this.tables, home);
    this.addresses = new Addresses({ ...base, placement, endpoints: this.endpoints, home });
    const { hosts, addresses } = this;
    this.imports = new ServiceImports({ ...base, rootNamespace: config.rootNamespace });
    this.names = new DnsNames({ ...base, hosts, addresses, members: () => this.memberTable.keys(), home });
    this.headless = new HeadlessPods(this.tables, this.endpoints);
    this.blocks = new AddressBlocks(this.graph, this.tables, home);
    this.calledPorts = new CalledPorts(this.graph, this.tables, home);
  }

  get config(): MeshConfig {
    return this.settings.get(SETTINGS) ?? DEFAULT_MESH_CONFIG;
  }

  /** Changes the mesh-wide settings. Trust domain and root namespace stay what they were at the start. */
  setConfig(config: MeshConfig): void {
    const { trustDomain, rootNamespace } = this.config;
    this.settings.set(SETTINGS, { ...config, trustDomain, rootNamespace });
  }

  /** Adds a member, or changes what is known of it. */
  setMember(member: Member): void {
    this.memberTable.set(member.id, member);
  }

  /** Takes the cluster and all its objects out of the mesh. */
  removeMember(cluster: ClusterId): void {
    this.graph.batch(() => {
      this.memberTable.delete(cluster);
      for (const { all } of Object.values(this.tables)) {
        for (const key of all.keys()) if (key.startsWith(`${cluster}/`)) all.delete(key);
      }
    });
  }

  /** One batch of deleted, then changed objects; live queries see it at once. Kinds that the mesh knows not are passed over. */
  apply(changes: { readonly set: readonly ConfigObject[]; readonly deleted: readonly ObjectRef[] }): void {
    this.graph.batch(() => {
      for (const ref of changes.deleted) if (isMeshKind(ref.kind)) this.tableOf(ref.kind).delete(formatObjectRef(ref));
      for (const object of changes.set) {
        if (isMeshKind(object.kind)) this.tableOf(object.kind).set(formatObjectRef(object.ref), object);
      }
    });
  }

  private tableOf(kind: keyof ObjectTables): Table<ConfigObject> {
    return this.tables[kind].all as unknown as Table<ConfigObject>;
  }

  members(): readonly string[] {
    return this.memberTable.keys();
  }

  pod(cluster: ClusterId, namespace: string, name: string): MeshObject<'Pod'> | undefined {
    return this.tables.Pod.all.get(formatObjectRef({ cluster, kind: 'Pod', namespace, name }));
  }

  secret(cluster: ClusterId, namespace: string, name: string): MeshObject<'Secret'> | undefined {
    return this.tables.Secret.all.get(formatObjectRef({ cluster, kind: 'Secret', namespace, name }));
  }

  hasNamespace(name: string): boolean {
    return this.members().some((cluster) => this.tables.Service.byNamespace.get(`${cluster}/${name}`).length > 0);
  }
}
