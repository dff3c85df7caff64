/**
 * What a control plane tells of itself: metrics by the names that Istio's dashboards know, logs by scope.
 * Takes counters that others keep, gives them to whoever asks. Must never keep a number that nobody reads, and never decide.
 */
export { type ControlPlaneFacts, controlPlaneMetrics, type Metrics } from './control-plane-metrics.ts';
export { LOG_LEVELS, type LogLevel, LogScopes, parseLogLevel } from './log-scopes.ts';
