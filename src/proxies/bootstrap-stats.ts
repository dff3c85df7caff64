import type { JsonObject } from './envoy-json.ts';

/** What Istio keeps of Envoy's statistics by default. */
const PREFIXES = ['cluster_manager', 'listener_manager', 'server', 'cluster.xds-grpc', 'workers', 'on_demand'];

/**
 * Kept of every cluster, listener and route too, so that what the mesh did can be seen: some thirty numbers a cluster
 * instead of Envoy's two hundred.
 */
const SUFFIXES = [
  '.downstream_cx_active',
  '.downstream_cx_total',
  '.downstream_rq_active',
  '.downstream_rq_total',
  '.upstream_cx_active',
  '.upstream_cx_total',
  '.upstream_cx_connect_fail',
  '.upstream_cx_overflow',
  '.upstream_cx_rx_bytes_total',
  '.upstream_cx_tx_bytes_total',
  '.upstream_rq_active',
  '.upstream_rq_total',
  '.upstream_rq_completed',
  '.upstream_rq_timeout',
  '.upstream_rq_pending_overflow',
  '.upstream_rq_retry',
  '.upstream_rq_retry_success',
  '.upstream_rq_retry_limit_exceeded',
  '.upstream_rq_time',
  '.membership_healthy',
  '.membership_total',
  '.ejections_active',
  '.ejections_enforced_total',
  '.ssl.handshake',
  '.ssl.connection_error',
  '.ssl.fail_verify_san',
  '.ssl.fail_verify_error',
  'rbac.allowed',
  'rbac.denied',
  'shadow_allowed',
  'shadow_denied',
];

/** By response code: `upstream_rq_200`, `downstream_rq_2xx`. */
const CODES = '.*\\.(upstream|downstream)_rq_[1-5](xx|[0-9]{2})';

/**
 * The names of clusters hold dots, so Envoy's own rule (up to the first dot) would cut them: a name ends before the
 * first part that only a statistic begins with.
 */
const CLUSTER_NAME =
  '^cluster\\.((.+?)\\.)(?:upstream_|downstream_|membership_|outlier_detection\\.|ssl\\.[a-z]+_?|circuit_breakers\\.|lb_|update_|external\\.|internal\\.|bind_errors|max_host_weight|version|warming_state|assignment_|original_dst_|retry_or_shadow_|http[123]\\.|tls_inspector|health_check\\.|client_ssl)';

/** Statistics are named, bounded and cheap: kept by a list, made when first used, added up when somebody asks. */
export function statsConfig(morePrefixes: readonly string[]): JsonObject {
  return {
    stats_config: {
      use_all_default_tags: true,
      stats_tags: [{ tag_name: 'cluster_name', regex: CLUSTER_NAME }],
      stats_matcher: {
        inclusion_list: {
          patterns: [
            ...[...PREFIXES, ...morePrefixes].map((prefix) => ({ prefix })),
            ...SUFFIXES.map((suffix) => ({ suffix })),
            { safe_regex: { regex: CODES } },
          ],
        },
      },
    },
    deferred_stat_options: { enable_deferred_creation_stats: true },
    stats_flush_on_admin: true,
  };
}
