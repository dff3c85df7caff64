/** What one run of the benchmark found. Times are milliseconds, sizes bytes, unless a name says otherwise. */
export interface BenchReport {
  /** ISO 8601. */
  readonly when: string;
  readonly machine: Machine;
  readonly start: readonly StartResult[];
  readonly change: readonly ChangeResult[];
  readonly paths: readonly PathResult[];
  readonly memory: readonly MemoryResult[];
  readonly source: SourceResult;
  readonly verdicts: readonly Verdict[];
}

export interface Machine {
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
  /** `Envoy 1.40.0`. */
  readonly envoy: string;
  /** Processes of others that wanted a CPU at the start, on average over the last minute. */
  readonly loadAverage: number;
}

/** Of `pelagos up examples/two-clusters --detach`, from the moment the command is started. */
export interface StartResult {
  /** cold: without the cache of compiled code that Node keeps; second: with it. */
  readonly kind: 'cold' | 'second';
  /** The first 200 of `http://service.cluster2` for a pod of cluster1. */
  readonly firstAnswerMs: number;
  /** The command has returned: every pod is ready. */
  readonly allReadyMs: number;
  readonly envoys: number;
}

/** From the write of a manifest to the first request through a sidecar that is answered by the new rule. */
export interface ChangeResult {
  readonly services: number;
  readonly changes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of all requests meanwhile, those that were not answered with 200. */
  readonly failedRequests: number;
  readonly requests: number;
}

export interface PathResult {
  readonly path: PathName;
  readonly connections: number;
  readonly requests: number;
  readonly failedRequests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** This path's requests per second, of those of `direct` with as many connections. */
  readonly throughputRatio: number;
  /** This path's median latency, of that of `direct` with as many connections. */
  readonly latencyRatio: number;
}

export type PathName = 'direct' | 'one sidecar' | 'two sidecars' | 'across clusters';

/** Resident memory of one process with a small and with a large mesh. */
export interface MemoryResult {
  /** `control plane`, or the Envoy's `cluster1/default/client/istio-proxy` (without what is made up anew at each start). */
  readonly process: string;
  readonly role: 'control plane' | 'sidecar' | 'gateway';
  readonly small: MemorySample;
  readonly large: MemorySample;
  /** Resident memory of the large mesh, of that of the small one. */
  readonly residentRatio: number;
  /** The same of the anonymous part; 1 where the system does not tell it. */
  readonly anonymousRatio: number;
}

export interface MemorySample {
  readonly services: number;
  readonly residentBytes: number;
  /** The part that no file backs, which is what a program has taken for itself; 0 where the system does not tell. */
  readonly anonymousBytes: number;
}

/** Of a large cluster's objects, read over the API's own protocol. */
export interface SourceResult {
  readonly objects: number;
  readonly objectsPerSecond: number;
  /** As the API server writes them. */
  readonly wireBytesPerObject: number;
  readonly heapBytesPerObject: number;
  /** While every pod changes at once. */
  readonly changesPerSecond: number;
  /** The longest that another's work had to wait meanwhile. */
  readonly longestPauseMs: number;
}

/** A promise that the run either kept or broke. */
export interface Verdict {
  readonly promise: string;
  readonly pass: boolean;
  readonly seen: string;
}
