import type { Certificate } from './payload.ts';
import type { ResourceLookup } from './resource-lookup.ts';

/** How a world names its proxies; a walk gives it back and looks no further into it. */
export type ProxyKey = string;

/** One proxy of the world. */
export interface ProxySite {
  readonly resources: ResourceLookup;
  /** Its own address: the source of the connections that it opens. */
  readonly address: string;
  /**
   * The certificate behind an SDS secret name (`default`); undefined where it is not known, and then names in it are not
   * checked.
   */
  certificate(secret: string): Certificate | undefined;
}

/** An application or a host outside the mesh. */
export interface AppSite {
  readonly address: string;
  readonly port: number;
  /** What it says of itself: cluster, namespace, pod, version, app. */
  readonly fields: Readonly<Record<string, string>>;
  /** Does it speak TLS by itself? */
  readonly tls: boolean;
}

/** Who takes a connection. */
export type Target =
  /** `redirectedTo` is the listener's port where the kernel redirects (15006); the original destination is kept. */
  | { readonly kind: 'proxy'; readonly proxy: ProxyKey; readonly redirectedTo?: number }
  | { readonly kind: 'app'; readonly app: AppSite };

/** All proxies and applications, and who listens where. */
export interface World {
  proxy(key: ProxyKey): ProxySite | undefined;
  /**
   * Who takes a connection that this proxy opens: 127.0.0.1 means another application for each of them. The address may be
   * a DNS name. @returns undefined where nobody listens.
   */
  connect(from: ProxyKey, address: string, port: number): Target | undefined;
}
