/** Lines that say where in Envoy's code something happened, not what. */
const NOISE = /\tenvoy (backtrace|envoy_bug) |^\s*$/;
/** The supervision writes one after each run. */
const NOTE = /^\[pelagos\] /;
const MAX_LINES = 3;
const MAX_LINE_LENGTH = 300;

/** What an Envoy said in its last run before it ended, from the end of its log. */
export function lastWords(log: string): string {
  const all = log.split('\n').filter((line) => !NOISE.test(line));
  const end = all.findLastIndex((line) => !NOTE.test(line)) + 1;
  const start = all.slice(0, end).findLastIndex((line) => NOTE.test(line)) + 1;
  const lines = all.slice(start, end);
  // The configuration, which Envoy repeats when it refuses it, makes lines of many thousand characters.
  return lines
    .slice(-MAX_LINES)
    .map((line) => (line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line))
    .join('\n');
}
