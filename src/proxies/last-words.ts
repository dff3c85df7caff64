/** Lines that say where in Envoy's code something happened, not what: stack traces, and notes of the supervision. */
const NOISE = /\tenvoy (backtrace|envoy_bug) |^\[pelagos\]|^\s*$/;
const MAX_LINES = 3;
const MAX_LINE_LENGTH = 300;

/** What an Envoy said before it ended, from the end of its log. */
export function lastWords(log: string): string {
  const lines = log.split('\n').filter((line) => !NOISE.test(line));
  // The configuration, which Envoy repeats when it refuses it, makes lines of many thousand characters.
  return lines
    .slice(-MAX_LINES)
    .map((line) => (line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line))
    .join('\n');
}
