import type { Diagnostic } from '../diagnostics/index.ts';
import { Mesh } from '../mesh/index.ts';
import type { ClusterId, MeshConfig, NetworkId, RawObject } from '../model/index.ts';
import type { SourceBatch } from '../sources/index.ts';
import { Ingest } from './ingest.ts';
import { Translation } from './translation.ts';

/** A member cluster as plain objects: no process, no stream. */
export interface OfflineMember {
  readonly id: ClusterId;
  readonly network: NetworkId | '';
  readonly objects: readonly RawObject[];
  /** Do its rules and policies count here? */
  readonly config: boolean;
}

/** The pure part of a control plane: what it would give its proxies for these objects. */
export interface OfflineControlPlane {
  readonly mesh: Mesh;
  readonly translation: Translation;
  /** Takes in a later change of a member's objects; nothing happens for a cluster that is no member. */
  apply(cluster: ClusterId, batch: SourceBatch): void;
  /** What is wrong with single objects. */
  diagnostics(): readonly Diagnostic[];
}

/** Puts the pure stages together without serving anybody: for tests, simulation and explanations. */
export function offlineControlPlane(options: {
  readonly cluster: ClusterId;
  readonly meshConfig: MeshConfig;
  readonly members: readonly OfflineMember[];
}): OfflineControlPlane {
  const mesh = new Mesh({ home: options.cluster, config: options.meshConfig });
  const ingests = new Map<ClusterId, Ingest>();
  for (const { id, network, objects, config } of options.members) {
    mesh.setMember({ id, network });
    const ingest = new Ingest(mesh, { cluster: id, withConfig: config, onChange: () => {} });
    ingest.apply({ set: objects, deleted: [], diagnostics: [] });
    ingests.set(id, ingest);
  }
  return {
    mesh,
    translation: new Translation(mesh),
    apply: (cluster, batch) => ingests.get(cluster)?.apply(batch),
    diagnostics: () => [...ingests.values()].flatMap(({ diagnostics }) => diagnostics),
  };
}
