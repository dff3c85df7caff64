import type { Terminal } from './terminal.ts';

/** Is there a person who can be asked? */
export function canAsk(terminal: Pick<Terminal, 'isInteractive'>): boolean {
  return terminal.isInteractive && process.stdin.isTTY === true;
}

/** Asks at the terminal; no, and Ctrl-C, are no. */
export async function confirm(message: string): Promise<boolean> {
  const prompts = await import('@clack/prompts');
  return (await prompts.confirm({ message, initialValue: false })) === true;
}
