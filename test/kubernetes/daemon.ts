import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** A program that runs beside a test, with its output in a file. */
export interface Daemon {
  readonly pid: number;
  /** How it ended, in words; undefined while it runs. */
  ended(): string | undefined;
  /** The end of its output. */
  said(): string;
  signal(name: NodeJS.Signals): void;
  /** Ends it at once: what it has is thrown away with its folder. */
  kill(): Promise<void>;
}

export function startDaemon(program: string, args: readonly string[], logFile: string): Daemon {
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(program, args, { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  let failure: string | undefined;
  child.on('error', (error) => {
    failure = error.message;
  });
  const ended = (): string | undefined => {
    if (failure) return failure;
    if (child.signalCode !== null) return `it was ended by ${child.signalCode}`;
    return child.exitCode === null ? undefined : `it ended with ${child.exitCode}`;
  };
  return {
    pid: child.pid ?? 0,
    ended,
    said: () => readFileSync(logFile, 'utf8').slice(-2_000),
    signal: (name) => void child.kill(name),
    kill: async () => {
      if (ended() !== undefined) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/**
 * Ends processes and removes their folder should this process end without having done so, in whatever way: its end of the pipe
 * closes with it.
 * @returns what calls it off.
 */
export function endWithUs(pids: readonly number[], folder: string): () => void {
  const script = 'cat >/dev/null; folder=$1; shift; kill -9 "$@" 2>/dev/null; rm -rf "$folder"';
  const guard: ChildProcess = spawn('/bin/sh', ['-c', script, 'guard', folder, ...pids.map(String)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  (guard.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return () => {
    guard.kill('SIGKILL');
  };
}

/** A port of the loopback address that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}
