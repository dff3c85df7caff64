import { type ConfigObject, parseObject } from '../config/index.ts';
import type { Diagnostic } from '../diagnostics/index.ts';
import type { Mesh } from '../mesh/index.ts';
import { formatObjectRef } from '../model/index.ts';
import type { SourceBatch, SourceSink } from '../sources/index.ts';

/** What every member contributes; rules and policies count only where they are the own cluster's. */
const REGISTRY_KINDS: ReadonlySet<string> = new Set(['EndpointSlice', 'Namespace', 'Node', 'Pod', 'Service']);

/** Takes one member's objects into the mesh. A broken version of an object leaves the last good one in place. */
export class Ingest implements SourceSink {
  private readonly mesh: Mesh;
  private readonly withConfig: boolean;
  private readonly onChange: () => void;
  private readonly byObject = new Map<string, readonly Diagnostic[]>();
  private readonly byFile = new Map<string, readonly Diagnostic[]>();

  constructor(mesh: Mesh, options: { readonly withConfig: boolean; readonly onChange: () => void }) {
    this.mesh = mesh;
    this.withConfig = options.withConfig;
    this.onChange = options.onChange;
  }

  apply(batch: SourceBatch): void {
    const set: ConfigObject[] = [];
    for (const { file, diagnostics } of batch.diagnostics) this.byFile.set(file, diagnostics);
    for (const ref of batch.deleted) this.byObject.delete(formatObjectRef(ref));
    for (const raw of batch.set) {
      if (!this.withConfig && !REGISTRY_KINDS.has(raw.ref.kind)) continue;
      const { object, diagnostics } = parseObject(raw);
      this.byObject.set(formatObjectRef(raw.ref), diagnostics);
      if (object) set.push(object);
    }
    this.mesh.apply({ set, deleted: batch.deleted });
    this.onChange();
  }

  get diagnostics(): readonly Diagnostic[] {
    return [...this.byFile.values(), ...this.byObject.values()].flat();
  }
}
