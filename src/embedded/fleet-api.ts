/**
 * What a running fleet answers on its control socket (HTTP with JSON over a unix socket, mode 0600, in the fleet's
 * state folder). The CLI, tests and later the UI speak only this.
 *
 * | request | body | answer |
 * |---|---|---|
 * | GET  /v1/fleet | | {@link FleetStatus} |
 * | GET  /v1/clusters/:cluster/objects/:kind?namespace=NS | | {@link ObjectList} |
 * | POST /v1/clusters/:cluster/apply | {@link ApplyRequest} | {@link ApplyResult} |
 * | POST /v1/clusters/:cluster/delete | {@link DeleteRequest} | {@link ApplyResult} |
 * | GET  /v1/proxies | | `ProxyStatus[]` |
 * | GET  /v1/clusters/:cluster/namespaces/:ns/pods/:pod | | {@link PodAccess} |
 * | POST /v1/down | | 202 |
 * Errors: status 4xx/5xx with {@link ApiError}.
 */
import type { Diagnostic } from '../diagnostics/index.ts';
import type { ObjectRef } from '../model/index.ts';

export interface FleetStatus {
  readonly name: string;
  /** Absolute path of the folder the fleet was started from. */
  readonly dir: string;
  readonly pid: number;
  readonly startedAtMs: number;
  /** starting: first start not over; running; stopping. */
  readonly phase: 'starting' | 'running' | 'stopping';
  /** True when every control plane serves and every pod is ready. */
  readonly ready: boolean;
  readonly clusters: readonly ClusterStatus[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface ClusterStatus {
  readonly name: string;
  readonly region: string;
  readonly zone: string;
  readonly network: string;
  readonly controlPlane: {
    /** The member cluster whose control plane serves this cluster's proxies: its own name, or its primary's. */
    readonly cluster: string;
    readonly ready: boolean;
    /** `127.1.0.2:15012` */
    readonly address: string;
    readonly connectedProxies: number;
  };
  readonly pods: readonly PodStatus[];
}

export interface PodStatus {
  readonly namespace: string;
  readonly name: string;
  /** `deployment/service`, `statefulset/db`, or empty for a bare pod. */
  readonly owner: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly phase: 'Pending' | 'Running' | 'CrashLoopBackOff' | 'Terminating' | 'Failed' | 'Succeeded';
  readonly ready: boolean;
  /** Containers that are ready, of how many: the app and, in the mesh, its Envoy (`2/2`). */
  readonly containers: { readonly ready: number; readonly total: number };
  readonly restarts: number;
  readonly address: string;
  readonly proxy: 'sidecar' | 'gateway' | 'none';
  /** Why it is not ready, in words; empty when it is. */
  readonly reason: string;
  readonly startedAtMs: number;
}

export interface ObjectList {
  readonly kind: string;
  readonly items: readonly { readonly ref: ObjectRef; readonly body: Readonly<Record<string, unknown>> }[];
}

/** YAML text with one or more documents, at most 4 MiB; `file` is only for messages. */
export interface ApplyRequest {
  readonly file: string;
  readonly text: string;
  /** For objects of namespaced kinds without a namespace; `default` unless set. */
  readonly namespace?: string;
}

export type DeleteRequest = ApplyRequest | { readonly kind: string; readonly name: string; readonly namespace: string };

export interface ApplyResult {
  readonly objects: readonly {
    readonly ref: ObjectRef;
    readonly action: 'created' | 'configured' | 'unchanged' | 'deleted' | 'refused' | 'not-found';
  }[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What `exec`, `logs` and `proxy-config` need to reach into one pod. */
export interface PodAccess {
  readonly pod: PodStatus;
  /** Environment of the app container, with http_proxy set where the pod is in the mesh. */
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  /** Container name to log file: `app`, `istio-proxy`. */
  readonly logs: Readonly<Record<string, string>>;
  /** Unix socket of the Envoy's admin interface; absent where there is no Envoy. */
  readonly adminSocket?: string;
}

/** One connected proxy as the control plane sees it (`istioctl proxy-status`). */
export type { StreamStatus as ProxyStatus, TypeStreamStatus as TypeStatus } from '../control-plane/index.ts';

export interface ApiError {
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string };
}
