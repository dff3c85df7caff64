import type { Outcome, Path } from './trail.ts';
import type { Walk } from './walk.ts';

/** A walk as text: for each way its share, its hops and its end. For messages of tests and for people. */
export function formatWalk(walk: Walk): string {
  return [...walk.paths]
    .sort((a, b) => b.probability - a.probability)
    .map(formatPath)
    .join('\n');
}

function formatPath(path: Path): string {
  const lines = path.hops.map((hop) => `  ${hop.proxy}  ${hop.kind} ${hop.name}: ${hop.text}`);
  return [`${(path.probability * 100).toFixed(2)} %  ${formatOutcome(path.outcome)}`, ...lines].join('\n');
}

/** `200 from service-v1-abc`, `403 rbac-denied: ...`, `connection closed, no-filter-chain: ...`. */
export function formatOutcome(outcome: Outcome): string {
  const { status, app, failure } = outcome;
  const what = status === undefined ? (failure ? 'connection closed' : 'connected') : String(status);
  if (failure) return `${what} ${failure.kind} at ${failure.proxy}: ${failure.message}`;
  return app ? `${what} from ${app.fields['pod'] || `${app.address}:${app.port}`}` : what;
}
