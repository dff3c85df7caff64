const UNITS: readonly (readonly [suffix: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/**
 * Reads `1h30m`, `90s`, `500ms` or a bare number of seconds.
 * @returns milliseconds, or undefined where it is no duration.
 */
export function parseDuration(text: string): number | undefined {
  if (/^\d{1,9}(?:\.\d+)?$/.test(text)) return Number(text) * 1_000;
  if (!/^(?:\d{1,9}(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, suffix] of text.matchAll(/([\d.]+)(ms|[smhd])/g)) {
    const ms = suffix === 'ms' ? 1 : (UNITS.find(([unit]) => unit === suffix)?.[1] ?? 0);
    total += Number(amount) * ms;
  }
  return total;
}

/** Short, as kubectl shows ages: `45s`, `3m20s`, `75m`, `5h10m`, `2d4h`, `12d`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return join(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return join(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  return days < 8 ? join(days, 'd', hours % 24, 'h') : `${days}d`;
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

/** For how long something took: `0.4 s`, `12 s`. */
export function formatElapsed(ms: number): string {
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`;
}
