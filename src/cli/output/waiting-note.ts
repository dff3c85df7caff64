import type { Terminal } from './terminal.ts';

/** Shorter waits need no word. */
const QUIET_MS = 1_000;

/** A terminal that says what it waits for, until the first output; and how that ends. */
export interface WaitingTerminal {
  readonly terminal: Terminal;
  readonly end: () => void;
}

/** Only a person at a terminal is told, on the error output: what is read by programs stays as it is. */
export function withWaitingNote(terminal: Terminal, text: string): WaitingTerminal {
  if (!terminal.isInteractive) return { terminal, end: () => undefined };
  let isShown = false;
  const timer = setTimeout(() => {
    isShown = true;
    terminal.err(`… ${text}`);
  }, QUIET_MS);
  const end = (): void => {
    clearTimeout(timer);
    if (isShown) terminal.err('\r\x1b[K');
    isShown = false;
  };
  const after = (write: (text: string) => void) => (part: string) => {
    end();
    write(part);
  };
  return { terminal: { ...terminal, out: after(terminal.out), err: after(terminal.err) }, end };
}
