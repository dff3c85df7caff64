/**
 * The value that `fraction` (0 to 1) of the samples do not exceed, by the nearest rank.
 * @returns NaN where there are none.
 */
export function percentile(samples: readonly number[] | Float64Array, fraction: number): number {
  const sorted = Float64Array.from(samples).sort();
  const rank = Math.max(Math.ceil(fraction * sorted.length), 1);
  return sorted[rank - 1] ?? Number.NaN;
}
