/** What the load generator is to do; given to it as JSON in its only argument. */
export interface LoadPlan {
  readonly targets: readonly LoadTarget[];
  /** Each target is called with each of these numbers of connections. */
  readonly connections: readonly number[];
  /** Every target has a turn in every round, so that what disturbs the machine meets all of them. */
  readonly rounds: number;
  readonly turnMs: number;
  /** Before the first round, each target. */
  readonly warmUpMs: number;
}

export interface LoadTarget {
  readonly name: string;
  readonly url: string;
  /** proxy: through $http_proxy of the pod that it runs as. */
  readonly via: 'direct' | 'proxy';
}

/** What it writes to its output, as JSON: one entry for each target and number of connections. */
export interface LoadResult {
  readonly target: string;
  readonly connections: number;
  readonly requests: number;
  readonly failedRequests: number;
  /** The median of all turns: what disturbed a few of them does not count. */
  readonly requestsPerSecond: number;
  /** Of all requests of all turns. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}
