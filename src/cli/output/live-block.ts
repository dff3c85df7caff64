import { fitWidth } from './display-width.ts';
import type { Terminal } from './terminal.ts';

/** Lines at the end of a terminal that are drawn anew in place. */
export class LiveBlock {
  readonly #terminal: Terminal;
  #drawn: readonly string[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Replaces what was drawn. What does not fit into the window is cut: a terminal cannot go back to what has scrolled away. */
  draw(text: string): void {
    const { columns, rows } = this.#terminal.size();
    const lines = text.trimEnd().split('\n');
    const room = Math.max(2, rows - 1);
    const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), `… and ${lines.length - room + 1} more`];
    const fitting = shown.map((line) => fitWidth(line, columns - 1));
    if (fitting.join('\n') === this.#drawn.join('\n')) return;
    // Synchronised output (mode 2026) and one write, so that nothing flickers.
    this.#terminal.out(
      `\x1b[?2026h${this.#back()}${fitting.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J\x1b[?2026l`,
    );
    this.#drawn = fitting;
  }

  /** Takes away what was drawn, for lines that stay. */
  clear(): void {
    if (this.#drawn.length > 0) this.#terminal.out(`${this.#back()}\x1b[J`);
    this.#drawn = [];
  }

  /** Leaves it as it is: what is written next comes below. */
  keep(): void {
    this.#drawn = [];
  }

  #back(): string {
    return this.#drawn.length > 0 ? `\x1b[${this.#drawn.length}A\r` : '';
  }
}
