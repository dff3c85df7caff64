import type { ObjectRef } from '../model/index.ts';
import type { AdsStream } from './ads-stream.ts';
import type { TypeStream } from './type-stream.ts';

/** What was sent and taken of one type. */
export interface TypeStreamStatus {
  /** STALE: something is on its way or waits to be sent. NACKED: the proxy refuses at least one resource. */
  readonly state: 'SYNCED' | 'STALE' | 'NACKED' | 'NOT SENT';
  /** Resources that the proxy holds. */
  readonly resources: number;
  readonly lastAckAtMs?: number;
  /** The oldest refusal that stands. */
  readonly error?: { readonly resource: string; readonly message: string; readonly origins: readonly ObjectRef[] };
}

/** One connected proxy. */
export interface StreamStatus {
  /** Node.id */
  readonly id: string;
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
  readonly controlPlane: string;
  readonly connectedAtMs: number;
  /** Envoy's version, as the proxy says. */
  readonly version: string;
  /** By short name (`CDS`), in the order of sending; only types that the proxy has asked for. */
  readonly types: Readonly<Record<string, TypeStreamStatus>>;
}

/** The state of every type that the stream has asked for. */
export function statusOfTypes(ads: AdsStream): Readonly<Record<string, TypeStreamStatus>> {
  const types: Record<string, TypeStreamStatus> = {};
  for (const stream of ads.types()) {
    const lastAckAtMs = ads.lastAckAtMs(stream.type);
    const nack = stream.refusals.first;
    types[stream.type.short] = {
      state: stateOf(stream),
      resources: stream.heldCount,
      ...(lastAckAtMs === undefined ? {} : { lastAckAtMs }),
      ...(nack ? { error: { resource: nack.resource, message: nack.message, origins: nack.origins } } : {}),
    };
  }
  return types;
}

function stateOf(stream: TypeStream): TypeStreamStatus['state'] {
  if (stream.refusals.size > 0) return 'NACKED';
  if (!stream.answered) return 'NOT SENT';
  return stream.inFlight || stream.hasPending ? 'STALE' : 'SYNCED';
}
