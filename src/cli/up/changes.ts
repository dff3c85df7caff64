import type { FleetStatus, ProxyStatus } from '../../embedded/fleet-api.ts';
import { type ProgressRow, progressRows } from './progress.ts';

/** What became of control planes, gateways and pods between two looks at the fleet. */
export function formatChanges(before: FleetStatus, after: FleetStatus): readonly string[] {
  return rowLines(progressRows(before), progressRows(after));
}

function rowLines(before: readonly ProgressRow[], after: readonly ProgressRow[]): readonly string[] {
  const known = new Map(before.map((row) => [row.key, row]));
  const present = new Set(after.map((row) => row.key));
  const gone = before.filter((row) => !present.has(row.key)).map((row) => `${titleOf(row)} is gone`);
  return [...after.flatMap((row) => rowChange(known.get(row.key), row) ?? []), ...gone];
}

function rowChange(before: ProgressRow | undefined, after: ProgressRow): string | undefined {
  const title = titleOf(after);
  if (!before) return after.isReady ? `${title} is ready` : `${title} is new`;
  if (after.restarts > before.restarts) return `${title} was started again (restart ${after.restarts})`;
  if (after.isReady && !before.isReady) return `${title} is ready`;
  if (after.phase !== before.phase)
    return `${title}: ${after.phase}${after.detail && after.detail !== after.phase ? `: ${after.detail}` : ''}`;
  return before.isReady && !after.isReady ? `${title} is not ready: ${after.detail}` : undefined;
}

function titleOf({ cluster, what, name }: ProgressRow): string {
  return `${cluster}: ${what} ${name}`;
}

/** Resources that proxies refuse, one line for each; the same text as long as it is refused. */
export function formatRefusals(proxies: readonly ProxyStatus[]): readonly string[] {
  return proxies.flatMap((proxy) =>
    Object.entries(proxy.types).flatMap(([type, { error }]) => {
      if (!error) return [];
      const origins = error.origins
        .map((ref) => `${ref.kind} ${ref.namespace}/${ref.name} of ${ref.cluster}`)
        .join(', ');
      const from = origins === '' ? '' : `; it comes from ${origins}`;
      return [`${proxy.cluster}: ${proxy.pod} refused ${type} ${error.resource}: ${error.message}${from}`];
    }),
  );
}
