import { formatDiagnostic } from '../../diagnostics/index.ts';
import { type InstallEvent, type ObjectChange, objectName } from '../../install/index.ts';
import { LiveBlock } from '../output/live-block.ts';
import { styled, type Terminal } from '../output/terminal.ts';

/** Tells a person how far an installation is: a line for each part that is done, and what stands in the way of the next. */
export class InstallProgress {
  readonly #terminal: Terminal;
  readonly #live: LiveBlock;
  readonly #isDryRun: boolean;
  #title = '';

  constructor(terminal: Terminal, isDryRun: boolean) {
    this.#terminal = terminal;
    this.#live = new LiveBlock(terminal);
    this.#isDryRun = isDryRun;
  }

  readonly onEvent = (event: InstallEvent): void => {
    switch (event.kind) {
      case 'step':
        this.#title = event.title;
        this.doing(event.state === 'waiting' ? `waiting for ${event.title} to be ready` : `applying ${event.title}`);
        return;
      case 'done':
        this.done(this.#isDryRun ? event.title : `${event.title} installed`, summary(event.changes, this.#isDryRun));
        this.#details(event.changes);
        return;
      case 'pruned':
        this.done(this.#isDryRun ? 'No longer wanted' : 'Removed what is no longer wanted', summary(event.changes));
        this.#details(event.changes);
        return;
      case 'fault':
        this.say(`! ${objectName(event.object)}: ${event.fault.reason}`);
        this.doing(`waiting for ${this.#title} to be ready`);
        return;
      case 'note':
        this.say(formatDiagnostic(event.note));
    }
  };

  /** A line that stays. */
  say(text: string): void {
    this.#live.clear();
    this.#terminal.err(`${text}\n`);
  }

  /** A line that goes when the next one comes; only where somebody watches. */
  doing(text: string): void {
    if (this.#terminal.isInteractive) this.#live.draw(`- ${text}`);
  }

  done(title: string, detail = ''): void {
    this.#live.clear();
    const mark = this.#isDryRun ? '-' : styled(this.#terminal, 'green', '✔');
    this.#terminal.out(`${mark} ${title}${detail === '' ? '' : ` (${detail})`}\n`);
  }

  /** A dry run is read for what would change. */
  #details(changes: readonly ObjectChange[]): void {
    if (!this.#isDryRun) return;
    for (const { object, change } of changes) {
      if (change !== 'unchanged') this.#terminal.out(`    ${objectName(object)} would be ${change}\n`);
    }
  }
}

/** `3 created, 1 configured`, or `unchanged`. */
function summary(changes: readonly ObjectChange[], isDryRun = false): string {
  const counts = (['created', 'configured', 'removed'] as const).flatMap((change) => {
    const count = changes.filter((each) => each.change === change).length;
    return count === 0 ? [] : [`${count} ${change}`];
  });
  const text = counts.join(', ') || 'unchanged';
  return isDryRun && counts.length > 0 ? `would be: ${text}` : text;
}
