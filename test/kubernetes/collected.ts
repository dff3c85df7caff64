import { setTimeout as delay } from 'node:timers/promises';
import { formatObjectRef, type RawObject } from '../../src/model/index.ts';
import type { SourceBatch, SourceSink } from '../../src/sources/index.ts';

/** What a source has told, as the mesh would have it. */
export class Collected implements SourceSink {
  readonly objects: Map<string, RawObject> = new Map();
  readonly batches: SourceBatch[] = [];

  apply(batch: SourceBatch): void {
    this.batches.push(batch);
    for (const ref of batch.deleted) this.objects.delete(formatObjectRef(ref));
    for (const object of batch.set) this.objects.set(formatObjectRef(object.ref), object);
  }

  /** `namespace/name` of one kind's objects, sorted. */
  names(kind: string): readonly string[] {
    return [...this.objects.values()]
      .filter(({ ref }) => ref.kind === kind)
      .map(({ ref }) => `${ref.namespace}/${ref.name}`)
      .sort();
  }
}

/** Resolves when the condition holds. @throws Error with what was seen instead, after the time. */
export async function until<T>(look: () => T, holds: (value: T) => boolean, timeoutMs = 10_000): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const value = look();
    if (holds(value)) return value;
    if (Date.now() > deadlineMs) throw new Error(`after ${timeoutMs} ms it is still ${JSON.stringify(value)}`);
    await delay(10);
  }
}
