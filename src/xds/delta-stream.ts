import { AdsStream, type AdsStreamOptions } from './ads-stream.ts';
import { ABSENT, type Batch } from './batch.ts';
import type { DeltaItem, DeltaRequest, DeltaResponse } from './discovery-message.ts';
import type { TypeStream } from './type-stream.ts';

export type DeltaStreamOptions = Omit<AdsStreamOptions, 'canSplit' | 'write'> & {
  /** The control plane's name, told in every response. */
  readonly controlPlane: string;
  /** Writes one response. @returns its size in bytes. */
  readonly send: (response: DeltaResponse) => number;
};

const WILDCARD = '*';

/**
 * The server's side of one DeltaAggregatedResources stream (xDS protocol, "Incremental xDS"), without any transport:
 * requests go in by {@link DeltaStream.receive}, responses come out by `send`.
 */
export class DeltaStream {
  readonly ads: AdsStream;

  constructor(options: DeltaStreamOptions) {
    const { send, controlPlane, ...rest } = options;
    this.ads = new AdsStream({
      ...rest,
      canSplit: true,
      write: (stream, batch, nonce) => send(toResponse(stream, batch, { nonce, controlPlane })),
    });
  }

  /** Takes a request; a type that is not served is left without an answer. */
  receive(request: DeltaRequest): void {
    const opened = this.ads.open(request.typeUrl);
    if (!opened) return;
    const { stream, created } = opened;
    this.ads.answer(stream, request.responseNonce, request.error?.message);
    this.#subscribe(stream, request);
    if (created) {
      const namesNothing = request.subscribe.length === 0 && request.unsubscribe.length === 0;
      if (namesNothing && stream.type.emptyMeansAll) stream.names.askAll();
      stream.resume(request.initialVersions);
    }
    this.ads.schedule();
  }

  /** A wildcard that comes with the same request covers the names that it gives back, as the proxy sees it. */
  #subscribe(stream: TypeStream, { subscribe, unsubscribe }: DeltaRequest): void {
    if (subscribe.includes(WILDCARD)) stream.names.askAll();
    for (const name of unsubscribe) if (name !== WILDCARD) stream.unsubscribe(name);
    if (unsubscribe.includes(WILDCARD)) stream.unsubscribeAll();
    for (const name of subscribe) if (name !== WILDCARD) this.ads.subscribe(stream, name);
  }

  /** The stream has ended: every query on the feed stops. */
  close(): void {
    this.ads.close();
  }
}

function toResponse(stream: TypeStream, batch: Batch, of: { nonce: string; controlPlane: string }): DeltaResponse {
  const items: DeltaItem[] = [];
  const removed: string[] = [];
  for (const [name, entry] of batch.entries) {
    if (entry.kind === 'update') {
      const { resource } = entry;
      items.push({ kind: 'resource', resource: resource.name === name ? resource : { ...resource, name } });
    } else if (entry.kind === 'none' && stream.type.missing === 'empty-resource') {
      items.push({ kind: 'none', name, version: ABSENT });
    } else removed.push(name);
  }
  return { typeUrl: stream.type.url, nonce: of.nonce, items, removed, controlPlane: of.controlPlane };
}
