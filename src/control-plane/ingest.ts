import { ObjectStore } from '../config/index.ts';
import type { Diagnostic } from '../diagnostics/index.ts';
import type { Mesh } from '../mesh/index.ts';
import type { SourceBatch, SourceSink } from '../sources/index.ts';

/** What every member contributes; rules and policies count only where they are the own cluster's. */
const REGISTRY_KINDS: ReadonlySet<string> = new Set(['EndpointSlice', 'Namespace', 'Node', 'Pod', 'Service']);

/** Takes one member's objects into the mesh. A broken version of an object leaves the last good one in place. */
export class Ingest implements SourceSink {
  /** The member's objects as they can be used. */
  readonly objects: ObjectStore = new ObjectStore();
  private readonly mesh: Mesh;
  private readonly withConfig: boolean;
  private readonly onChange: () => void;
  private readonly byFile = new Map<string, readonly Diagnostic[]>();

  constructor(mesh: Mesh, options: { readonly withConfig: boolean; readonly onChange: () => void }) {
    this.mesh = mesh;
    this.withConfig = options.withConfig;
    this.onChange = options.onChange;
  }

  apply(batch: SourceBatch): void {
    for (const { file, diagnostics } of batch.diagnostics) this.byFile.set(file, diagnostics);
    const set = this.withConfig ? batch.set : batch.set.filter(({ ref }) => REGISTRY_KINDS.has(ref.kind));
    this.mesh.apply(this.objects.apply({ set, deleted: batch.deleted }));
    this.onChange();
  }

  /** What is wrong with single files and objects. */
  get diagnostics(): readonly Diagnostic[] {
    return [...[...this.byFile.values()].flat(), ...this.objects.diagnostics()];
  }
}
