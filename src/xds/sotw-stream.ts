import { AdsStream, type AdsStreamOptions } from './ads-stream.ts';
import type { Batch } from './batch.ts';
import type { SotwRequest, SotwResponse } from './discovery-message.ts';
import type { TypeStream } from './type-stream.ts';

export type SotwStreamOptions = Omit<AdsStreamOptions, 'canSplit' | 'write'> & {
  readonly controlPlane: string;
  /** Writes one response. @returns its size in bytes. */
  readonly send: (response: SotwResponse) => number;
};

const WILDCARD = '*';

/**
 * The server's side of one StreamAggregatedResources stream (state of the world): each request names all that the client
 * wants, and a response to a listener or cluster subscription is the whole set, so that what is not in it is gone.
 * The same subscriptions as the delta stream's, for clients that know no delta (gRPC's own xDS clients).
 */
export class SotwStream {
  readonly ads: AdsStream;
  readonly #latestNonce = new Map<TypeStream, string>();

  constructor(options: SotwStreamOptions) {
    const { send, controlPlane, ...rest } = options;
    this.ads = new AdsStream({
      ...rest,
      canSplit: false,
      write: (stream, batch, nonce) => {
        this.#latestNonce.set(stream, nonce);
        const resources = stream.type.answersEmpty ? stream.everything() : updatesOf(batch);
        return send({ typeUrl: stream.type.url, nonce, versionInfo: nonce, resources, controlPlane });
      },
    });
  }

  /** Takes a request; one with an out-of-date nonce is followed by one for the response that is on its way. */
  receive(request: SotwRequest): void {
    const opened = this.ads.open(request.typeUrl);
    if (!opened) return;
    const { stream, created } = opened;
    if (request.responseNonce !== '' && request.responseNonce !== this.#latestNonce.get(stream)) return;
    this.ads.answer(stream, request.responseNonce, request.error?.message);
    const wanted = new Set(request.names);
    if (wanted.delete(WILDCARD)) stream.names.askAll();
    else if (created && stream.type.answersEmpty && wanted.size === 0) stream.names.askAll();
    else if (wanted.size > 0 && stream.names.wildcard) stream.unsubscribeAll();
    for (const name of [...stream.names.askedNames()]) if (!wanted.has(name)) stream.unsubscribe(name);
    for (const name of wanted) if (!stream.names.asked(name)) this.ads.subscribe(stream, name);
    if (created) stream.resume(new Map());
    this.ads.schedule();
  }

  /** The stream has ended: every query on the feed stops. */
  close(): void {
    this.ads.close();
  }
}

function updatesOf(batch: Batch): SotwResponse['resources'] {
  return [...batch.entries.values()].flatMap((entry) => (entry.kind === 'update' ? [entry.resource] : []));
}
