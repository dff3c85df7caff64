import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Lab } from './lab.ts';

/** What became of the requests of a steady load. */
export interface LoadResult {
  readonly sent: number;
  /** What curl said of each that was not answered with 200: its message, when it began (UTC), how long it took, the status. */
  readonly lost: readonly string[];
}

export interface SteadyLoad {
  stop(): Promise<LoadResult>;
}

/** Until the input ends: a request, a line with curl's message, when and how long, and last the status; a pause. */
const SCRIPT = `exec 3<&0; (cat <&3 >/dev/null; kill $$) &
while :; do curl -sS -m 10 -o /dev/null -w "$(date -u +%T) %{time_total} s %{http_code}\\n" "$0" 2>&1 | tr '\\n' ' '; echo; sleep 0.2; done`;

/** Some four requests a second out of a pod of `deployment/service`, one after the other, until it is stopped. */
export function startLoad(lab: Lab, cluster: string, url: string): SteadyLoad {
  const args = ['--context', cluster, 'exec', '-i', 'deployment/service', '--', 'sh', '-c', SCRIPT, url];
  const child = spawn('kubectl', args, { env: lab.env, stdio: ['pipe', 'pipe', 'ignore'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    out += part;
  });
  const ended = once(child, 'close');
  child.stdin.on('error', () => undefined);
  return {
    stop: async () => {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(timer);
      // The last line may be of a request that was cut off.
      const answers = out.split('\n').slice(0, -1);
      const numbered = answers.map((line, index) => ({ text: line.trim(), index }));
      const lost = numbered
        .filter(({ text }) => !text.endsWith(' 200'))
        .map(({ text, index }) => `request ${index}: ${text}`);
      return { sent: answers.length, lost };
    },
  };
}
