/** What one server and each of its streams may use. Over a limit is a refusal that says which. */
export interface StreamLimits {
  /** Streams open at once, all proxies together. */
  readonly streams: number;
  /** Streams open at once for one proxy; a further one ends the oldest, which is then a leftover of a lost connection. */
  readonly streamsPerProxy: number;
  /** Names that one stream may ask for by itself (wildcards do not count). Further names are answered as not there. */
  readonly namesPerStream: number;
  /** UTF-16 units; longer names are answered as not there. */
  readonly nameLength: number;
  /** Bytes of one request. Envoy's first carries its Node with every extension it knows, some 60 KB, and all names. */
  readonly requestBytes: number;
  /** Bytes of resources in one response; more go into the next, after the proxy has taken the first. */
  readonly responseBytes: number;
  /** Milliseconds that a stream has for its first request and the proof of who it is. */
  readonly helloTimeoutMs: number;
  /** Milliseconds that routes wait for a proxy to take the clusters of the same change; then they are sent all the same. */
  readonly orderTimeoutMs: number;
  /** Resources whose last accepted version is remembered for other proxies. */
  readonly lastGoodResources: number;
}

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  streams: 20_000,
  streamsPerProxy: 3,
  namesPerStream: 20_000,
  nameLength: 1024,
  requestBytes: 8 * 1024 * 1024,
  responseBytes: 8 * 1024 * 1024,
  helloTimeoutMs: 10_000,
  orderTimeoutMs: 3_000,
  lastGoodResources: 50_000,
};
