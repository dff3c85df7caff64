import type { Index } from '../graph/index.ts';
import type { ClusterId } from '../model/index.ts';
import { byAge, type MeshObject, type ObjectTables } from './objects.ts';
import { selects } from './selector.ts';

export type AuthorizationPolicy = MeshObject<'AuthorizationPolicy'>;
export type PeerAuthentication = MeshObject<'PeerAuthentication'>;
export type SidecarObject = MeshObject<'Sidecar'>;
export type MtlsMode = 'STRICT' | 'PERMISSIVE' | 'DISABLE';

/** A workload, as policies select it. */
export interface PolicySubject {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** mTLS of a workload's ports, and the objects that say so. */
export interface MtlsSetting {
  readonly mode: MtlsMode;
  readonly byPort: ReadonlyMap<number, MtlsMode>;
  readonly origins: readonly PeerAuthentication['ref'][];
}

type Selecting = AuthorizationPolicy | PeerAuthentication | SidecarObject;

function labelsOf(object: Selecting): Readonly<Record<string, string>> | undefined {
  return object.kind === 'Sidecar' ? object.spec.workloadSelector?.labels : object.spec.selector?.matchLabels;
}

/** Security policies and Sidecar objects of the configuration cluster, by the workloads they select. */
export class Policies {
  private readonly tables: ObjectTables;
  private readonly home: ClusterId;
  private readonly rootNamespace: string;
  /** By `cluster/namespace`. */
  private readonly disabling: Index<PeerAuthentication>;

  constructor(tables: ObjectTables, home: ClusterId, rootNamespace: string) {
    this.tables = tables;
    this.home = home;
    this.rootNamespace = rootNamespace;
    this.disabling = tables.PeerAuthentication.all.index('PeerAuthentication that disables', ({ spec, ref }) => {
      const modes = [spec.mtls, ...Object.values(spec.portLevelMtls ?? {})].map((mtls) => mtls?.mode);
      return modes.includes('DISABLE') ? [`${ref.cluster}/${ref.namespace}`] : [];
    });
  }

  /** AuthorizationPolicies of the root namespace and of the workload's own that select it. Tracked. */
  authorization(subject: PolicySubject): readonly AuthorizationPolicy[] {
    const places = [...new Set([this.rootNamespace, subject.namespace])];
    return places.flatMap((place) =>
      this.tables.AuthorizationPolicy.byNamespace
        .get(`${this.home}/${place}`)
        .filter((policy) => !policy.spec.targetRefs?.length && selects(labelsOf(policy), subject.labels)),
    );
  }

  /**
   * Workload before namespace before mesh; UNSET inherits; PERMISSIVE where nobody says (Istio PeerAuthentication). Tracked.
   */
  mtls(subject: PolicySubject): MtlsSetting {
    const own = this.peerAuthentications(subject.namespace);
    const workload = own.find((policy) => hasSelector(policy) && selects(labelsOf(policy), subject.labels));
    const namespace = own.find((policy) => !hasSelector(policy));
    const mesh = this.peerAuthentications(this.rootNamespace).find((policy) => !hasSelector(policy));
    const levels = [workload, namespace, mesh].filter((policy) => policy !== undefined);
    const decider = levels.find((policy) => (policy.spec.mtls?.mode ?? 'UNSET') !== 'UNSET');
    const mode = modeOf(decider?.spec.mtls?.mode, 'PERMISSIVE');
    const ports = Object.entries(workload?.spec.portLevelMtls ?? {});
    const byPort = new Map(ports.map(([port, { mode: given }]) => [Number(port), modeOf(given, mode)]));
    return {
      mode,
      byPort,
      origins: [...new Set([workload, decider])].flatMap((policy) => (policy ? [policy.ref] : [])),
    };
  }

  /** Does a workload take no mTLS on one of its ports, so that clients must speak plain text? Tracked. */
  refusesMtls(subject: PolicySubject, port: number): boolean {
    const places = [...new Set([subject.namespace, this.rootNamespace])];
    if (places.every((place) => this.disabling.get(`${this.home}/${place}`).length === 0)) return false;
    const { mode, byPort } = this.mtls(subject);
    return (byPort.get(port) ?? mode) === 'DISABLE';
  }

  private peerAuthentications(namespace: string): readonly PeerAuthentication[] {
    return this.tables.PeerAuthentication.byNamespace.get(`${this.home}/${namespace}`).toSorted(byAge);
  }

  /** The Sidecar object for a workload: one that selects it, else its namespace's, else the mesh's. Tracked. */
  sidecar(subject: PolicySubject): SidecarObject | undefined {
    const own = this.tables.Sidecar.byNamespace.get(`${this.home}/${subject.namespace}`).toSorted(byAge);
    const root = this.tables.Sidecar.byNamespace.get(`${this.home}/${this.rootNamespace}`).toSorted(byAge);
    return (
      own.find((object) => hasSelector(object) && selects(labelsOf(object), subject.labels)) ??
      own.find((object) => !hasSelector(object)) ??
      root.find((object) => !hasSelector(object))
    );
  }
}

function hasSelector(object: Selecting): boolean {
  return Object.keys(labelsOf(object) ?? {}).length > 0;
}

function modeOf(given: string | undefined, inherited: MtlsMode): MtlsMode {
  return given === 'STRICT' || given === 'PERMISSIVE' || given === 'DISABLE' ? given : inherited;
}
