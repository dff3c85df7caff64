/** Where a command writes, and what it may use there. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Is the output read by a person at a terminal, so that lines may be redrawn? */
  readonly isInteractive: boolean;
  readonly hasColor: boolean;
  /** Columns and rows of the terminal; asked anew, because windows are resized. */
  readonly size: () => { readonly columns: number; readonly rows: number };
}

export type ColorChoice = 'auto' | 'always' | 'never';
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** The text in a style, or as it is where the terminal takes no colors. */
export function styled(terminal: Pick<Terminal, 'hasColor'>, style: Style, text: string): string {
  if (!terminal.hasColor || text === '') return text;
  const [on, off] = CODES[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}

/** @param color what the user chose; `auto` obeys NO_COLOR (https://no-color.org), TERM=dumb and whether it is a terminal. */
export function processTerminal(color: ColorChoice, env: Readonly<Record<string, string | undefined>>): Terminal {
  const isInteractive = process.stdout.isTTY === true && env['TERM'] !== 'dumb';
  const hasColor = color === 'always' || (color === 'auto' && isInteractive && !env['NO_COLOR']);
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isInteractive,
    hasColor,
    size: () => ({ columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }),
  };
}

/** Who reads our output may stop early (`| head`): that is no error. Other errors of the stream are. */
export function endOnBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
}
