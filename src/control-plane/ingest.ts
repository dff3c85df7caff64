import { ObjectStore } from '../config/index.ts';
import type { Diagnostic } from '../diagnostics/index.ts';
import type { Mesh } from '../mesh/index.ts';
import { type ClusterId, formatObjectRef, type ObjectRef } from '../model/index.ts';
import type { SourceBatch, SourceSink } from '../sources/index.ts';

/** What every member contributes; rules and policies count only where they are the own cluster's. */
const REGISTRY_KINDS: ReadonlySet<string> = new Set([
  'EndpointSlice',
  'Namespace',
  'Node',
  'Pod',
  'Service',
  'ServiceExport',
]);

export interface IngestOptions {
  /** The member whose objects these are; objects that say they are another's are not taken. All are where it is left out. */
  readonly cluster?: ClusterId;
  readonly withConfig: boolean;
  /** Are its proxies served here, so that its gateways' Secrets count? With rules they do anyway. */
  readonly withSecrets?: boolean;
  readonly onChange: () => void;
}

/** Takes one member's objects into the mesh. A broken version of an object leaves the last good one in place. */
export class Ingest implements SourceSink {
  /** The member's objects as they can be used. */
  readonly objects: ObjectStore = new ObjectStore();
  private readonly mesh: Mesh;
  private readonly options: IngestOptions;
  private readonly byFile = new Map<string, readonly Diagnostic[]>();

  constructor(mesh: Mesh, options: IngestOptions) {
    this.mesh = mesh;
    this.options = options;
  }

  /** A sink for a new source of the same member, whose first batch is all there is: what it lacks has gone. */
  restarted(): SourceSink {
    let isFirst = true;
    return {
      apply: (batch) => {
        const gone = isFirst ? this.missingFrom(batch) : [];
        isFirst = false;
        this.apply({ ...batch, deleted: [...batch.deleted, ...gone] });
      },
    };
  }

  private missingFrom({ set }: SourceBatch): readonly ObjectRef[] {
    const present = new Set(set.map(({ ref }) => formatObjectRef(ref)));
    return this.objects.refs().filter((ref) => !present.has(formatObjectRef(ref)));
  }

  apply(batch: SourceBatch): void {
    for (const { file, diagnostics } of batch.diagnostics) {
      if (diagnostics.length > 0) this.byFile.set(file, diagnostics);
      else this.byFile.delete(file);
    }
    const set = batch.set.filter(({ ref }) => this.isOwn(ref) && this.counts(ref.kind));
    const deleted = batch.deleted.filter((ref) => this.isOwn(ref));
    this.mesh.apply(this.objects.apply({ set, deleted }));
    this.options.onChange();
  }

  /** What is wrong with single files and objects. */
  get diagnostics(): readonly Diagnostic[] {
    return [...[...this.byFile.values()].flat(), ...this.objects.diagnostics()];
  }

  private counts(kind: string): boolean {
    const { withConfig, withSecrets = false } = this.options;
    return withConfig || REGISTRY_KINDS.has(kind) || (withSecrets && kind === 'Secret');
  }

  /** A neighbour speaks for itself only. */
  private isOwn({ cluster }: ObjectRef): boolean {
    return this.options.cluster === undefined || cluster === this.options.cluster;
  }
}
