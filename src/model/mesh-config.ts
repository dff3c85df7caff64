/** The mesh-wide settings, by Istio's MeshConfig names. */
export interface MeshConfig {
  readonly trustDomain: string;
  /** Where objects apply to the whole mesh (`rootNamespace`). */
  readonly rootNamespace: string;
  /**
   * May workloads call hosts that no object names? ALLOW_ANY_DYNAMIC_DNS: and HTTP goes to what their names stand for, as
   * the proxy finds it, and not to the address that was called.
   */
  readonly outboundTrafficPolicy: 'ALLOW_ANY' | 'ALLOW_ANY_DYNAMIC_DNS' | 'REGISTRY_ONLY';
  /** Where Envoys write access logs: a path such as `/dev/stdout`, or empty for none. */
  readonly accessLogFile: string;
}

/** Istio's defaults. */
export const DEFAULT_MESH_CONFIG: MeshConfig = {
  trustDomain: 'cluster.local',
  rootNamespace: 'istio-system',
  outboundTrafficPolicy: 'ALLOW_ANY',
  accessLogFile: '',
};
