import type { Report } from '../object-report.ts';
import type { Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import { parseDurationMs } from '../values/duration.ts';

/** A duration of whole milliseconds, from 1 ms on. */
export function checkDuration(text: string | undefined, path: Path, report: Report): void {
  if (text === undefined) return;
  const durationMs = parseDurationMs(text);
  if (durationMs === undefined) problem(report, 'PEL3009', path, `"${text}" is not a duration`);
  else if (durationMs < 1) problem(report, 'PEL3009', path, `${text} is less than 1ms`);
  else if (!isWhole(durationMs)) problem(report, 'PEL3009', path, `${text} is not a number of whole milliseconds`);
}

/** The same, but zero switches the setting off. */
export function checkDurationOrZero(text: string | undefined, path: Path, report: Report): void {
  if (text !== undefined && parseDurationMs(text) !== 0) checkDuration(text, path, report);
}

function isWhole(durationMs: number): boolean {
  return Math.abs(durationMs - Math.round(durationMs)) < 1e-6;
}
