import type { Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { WebSocketOptions } from './web-socket.ts';

/** An object as the API has it: what every kind has, and the rest as plain data. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface KubernetesList<T = KubernetesObject> {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: readonly T[];
}

export interface RequestOptions {
  /** Parameters of the query; those that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Of the body; JSON unless given. A PATCH has to say its kind: `application/merge-patch+json`, `application/apply-patch+yaml`. */
  readonly contentType?: string;
  /** How long an answer may take, in milliseconds; 30,000 unless given. A stream has it for the head of its answer only. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** The largest answer that is read, in bytes; 256 MiB unless given. */
  readonly maxBytes?: number;
}

/** One cluster's API server, as one identity. Every method rejects with `ApiError`. */
export interface ApiServer {
  /** Its address, for messages: `https://10.0.0.1:6443`. */
  readonly url: string;
  get<T = KubernetesObject>(path: string, options?: RequestOptions): Promise<T>;
  /** @param body sent as JSON, or as it is where it is a string. */
  send<T = KubernetesObject>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    options?: RequestOptions,
  ): Promise<T>;
  /** The answer as text: logs, `/healthz`, `/version`. */
  text(path: string, options?: RequestOptions): Promise<string>;
  /** The body as it comes: watches, logs that are followed. To be destroyed by the caller. */
  stream(path: string, options?: RequestOptions): Promise<Readable>;
  /** A stream in both directions (exec, port-forward), paused until it is listened to. To be closed by the caller. */
  webSocket(path: string, options: WebSocketOptions): Promise<WebSocket>;
  /** Ends all connections of requests. */
  close(): void;
}

/** How an API server is reached: its address, TLS, and who we are. */
export interface ApiAccess {
  readonly url: string;
  readonly tls: {
    readonly ca?: string | Buffer;
    readonly cert?: string | Buffer;
    readonly key?: string | Buffer;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
  /** The bearer token of now, asked before every request; undefined where a client certificate says who we are. */
  readonly token?: () => Promise<string | undefined>;
}
