/** The hosts of one priority level. */
export interface PriorityHealth {
  readonly total: number;
  readonly healthy: number;
  readonly degraded: number;
}

/** The load of one priority level, in per cent of the whole. */
export interface PriorityLoad {
  readonly healthy: number;
  readonly degraded: number;
  /** Is the level so unhealthy that all its hosts are used? */
  readonly panic: boolean;
}

/**
 * How load spills over from one priority to the next (Envoy: priority levels). A level is as available as its share of
 * healthy hosts times the overprovisioning factor (per cent, 140 unless set), at most 100; what it cannot take goes to the next
 * level, degraded hosts come after all healthy ones.
 */
export function priorityLoads(
  levels: readonly PriorityHealth[],
  rules: { readonly factor: number; readonly panicThreshold: number },
): readonly PriorityLoad[] {
  const available = levels.map(({ total, healthy, degraded }) => ({
    healthy: total === 0 ? 0 : Math.min(100, Math.floor((rules.factor * healthy) / total)),
    degraded: total === 0 ? 0 : Math.min(100, Math.floor((rules.factor * degraded) / total)),
  }));
  const sum = available.reduce((all, { healthy, degraded }) => all + healthy + degraded, 0);
  const normalized = Math.min(100, sum);
  const panics = levels.map(
    ({ total, healthy, degraded }) =>
      normalized < 100 && (total === 0 ? 0 : (100 * (healthy + degraded)) / total) < rules.panicThreshold,
  );
  if (normalized === 0) return inTotalPanic(levels, panics);
  let left = 100;
  const take = (amount: number): number => {
    const taken = Math.min(left, Math.round((amount * 100) / normalized));
    left -= taken;
    return taken;
  };
  const healthy = available.map((level) => take(level.healthy));
  const degraded = available.map((level) => take(level.degraded));
  // What rounding leaves goes to the first level that takes anything.
  const first = healthy.findIndex((load) => load > 0);
  if (left > 0 && first >= 0) healthy[first] = (healthy[first] ?? 0) + left;
  return levels.map((_, index) => ({
    healthy: healthy[index] ?? 0,
    degraded: degraded[index] ?? 0,
    panic: panics[index] ?? false,
  }));
}

/** No host of any level is healthy: load goes by the number of hosts. */
function inTotalPanic(levels: readonly PriorityHealth[], panics: readonly boolean[]): readonly PriorityLoad[] {
  const hosts = levels.reduce((sum, { total }) => sum + total, 0);
  return levels.map(({ total }, index) => ({
    healthy: hosts === 0 ? 0 : (100 * total) / hosts,
    degraded: 0,
    panic: panics[index] ?? false,
  }));
}
