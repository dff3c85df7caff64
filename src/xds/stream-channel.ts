/** Why a stream was ended by the server: the gRPC status codes that are used. */
export type StreamEnd =
  | 'INVALID_ARGUMENT'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'DEADLINE_EXCEEDED'
  | 'ABORTED'
  | 'INTERNAL'
  | 'UNAVAILABLE';

/** One bidirectional stream of messages, whatever carries it. Requests are given to the session that owns the channel. */
export interface StreamChannel {
  /** The `authorization` header of the call; never logged. */
  readonly authorization: string | undefined;
  send(message: Buffer): void;
  /** Stops and continues the flow of requests. */
  pause(): void;
  resume(): void;
  /** Ends the stream with a status; further sends do nothing. */
  fail(code: StreamEnd, reason: string): void;
}
