/** A step of set-up that failed, in the words a person needs: what, why, what to do. */
export class SetupError extends Error {
  /** @param {{ what: string, why: string, remedy: string }} text */
  constructor(text) {
    super(`${text.what}\n  why: ${text.why}\n  to do: ${text.remedy}`);
    this.name = 'SetupError';
  }
}

/**
 * The last lines of a program's output, indented, for a message.
 * @param {string} output
 */
export function lastLines(output, count = 6) {
  const lines = output.trim().split('\n').slice(-count);
  return lines.map((line) => line.slice(0, 300)).join('\n       ');
}
