/**
 * The built-in echo server: a process of its own that answers with what it received and who it is.
 * What it listens on and who it is comes by the environment, see `readEchoSettings`. On SIGTERM it finishes what was
 * begun and ends.
 */
import { type EchoSocket, readEchoSettings } from './echo-settings.ts';
import { type EchoServer, httpEcho } from './http-echo.ts';
import { tcpEcho } from './tcp-echo.ts';

/** Who started this process ends it for good after its own grace; this is for those who forget. */
const DRAIN_MS = 60_000;

function fail(problem: string): never {
  process.stderr.write(`echo: ${problem}\n`);
  process.exit(1);
}

function settings(): ReturnType<typeof readEchoSettings> {
  try {
    return readEchoSettings(process.env);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const { self, listen } = settings();
if (listen.length === 0) fail('LISTEN names no socket');

function start({ address, port, protocol }: EchoSocket): EchoServer {
  const echo = protocol === 'tcp' ? tcpEcho(self) : httpEcho(self);
  echo.server.on('error', (error) => fail(`cannot listen on ${address}:${port}: ${error.message}`));
  echo.server.listen(port, address, () => {
    const bound = echo.server.address();
    const actual = typeof bound === 'object' && bound !== null ? bound.port : port;
    process.stdout.write(`echo: ${protocol} on ${address}:${actual}\n`);
  });
  return echo;
}

const servers = listen.map(start);

let isDraining = false;
function drain(): void {
  if (isDraining) return;
  isDraining = true;
  let open = servers.length;
  for (const { server } of servers) {
    server.once('close', () => {
      open -= 1;
      if (open === 0) process.exit(0);
    });
  }
  for (const echo of servers) echo.drain();
  setTimeout(() => process.exit(0), DRAIN_MS);
}
process.on('SIGTERM', drain);
process.on('SIGINT', drain);
