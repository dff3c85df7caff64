/** A mesh's test: what is called, and what must come of it. Read from `case.yaml` by {@link parseCase}. */
export interface Case {
  /** One sentence: what breaks for whom if this does not hold. */
  readonly why: string;
  /** What the reader of the manifests must say. */
  readonly diagnostics: readonly WantedDiagnostic[];
  readonly requests: readonly CaseRequest[];
}

/** A finding that must be there: its code, and a part of its object's `Kind namespace/name`. */
export interface WantedDiagnostic {
  readonly code: string;
  readonly object: string;
}

/** A workload, by its owner (`deployment/client`) or its pod (`pod/db-0`). */
export interface WorkloadName {
  readonly cluster: string;
  readonly namespace: string;
  readonly workload: string;
}

/** One call, made some times. */
export interface CaseRequest {
  readonly name: string;
  readonly from: Caller;
  readonly call: CaseCall;
  /** How often it is really called; a simulation knows the shares exactly. */
  readonly times: number;
  readonly want: Want;
}

export type Caller =
  /** A workload of the mesh, through its own proxy. */
  | ({ readonly kind: 'workload' } & WorkloadName)
  /** Somebody without a proxy, who dials a port of this workload: an ingress gateway, or a pod in plaintext. */
  | ({ readonly kind: 'outside'; readonly port: number } & WorkloadName);

export interface CaseCall {
  readonly method: string;
  /** tcp: a connection to the port, through CONNECT where the caller has only an HTTP proxy. */
  readonly scheme: 'http' | 'https' | 'tcp';
  readonly host: string;
  readonly port: number;
  /** With the query; `/` unless written. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What must come of a call; what is not named does not matter. */
export interface Want {
  /** `closed`: the connection ends without an answer. */
  readonly status?: number | 'closed' | undefined;
  /** The whole body of a proxy's own answer. */
  readonly body?: string | undefined;
  /** Fields of every answer of the echo application: cluster, namespace, pod, version, app, method, path, host. */
  readonly fields: Readonly<Record<string, string>>;
  /** Headers of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Headers as the application gets them. */
  readonly received: Readonly<Record<string, string>>;
  /** Per cent of the answers by each value of a field of the application's answer, or by `status`. */
  readonly shares: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** How far a real share may be off, in points of per cent. */
  readonly within: number;
  /** Fields over whose values the answers spread evenly, each with the number of values (0: at least two). */
  readonly evenly: Readonly<Record<string, number>>;
  /** The SPIFFE ID that the application is told of. */
  readonly caller?: string | undefined;
  /** Only a simulation knows: parts of what some hop says (`retries 3 times`, `copies 100 %`). */
  readonly explains: readonly string[];
}

/** A real share is allowed to be this many points off where the case says nothing. */
export const DEFAULT_WITHIN = 5;
