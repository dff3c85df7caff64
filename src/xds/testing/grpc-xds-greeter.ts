/**
 * A process that calls `xds:///greeter.test` with gRPC's own xDS client for each line on its standard input, and prints
 * each answer. A process of its own, because that client reads its bootstrap from the environment and keeps timers for
 * ten seconds after it is closed.
 */
import { createInterface } from 'node:readline';
import { Client, credentials } from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';

export const GREET_METHOD = '/test.Greeter/Greet';

function identity(bytes: Buffer): Buffer {
  return bytes;
}

if (process.argv[1] === import.meta.filename) {
  register();
  const client = new Client('xds:///greeter.test', credentials.createInsecure());
  const lines = createInterface({ input: process.stdin });
  lines.on('line', () => {
    const options = { deadline: Date.now() + 10_000 };
    client.makeUnaryRequest(GREET_METHOD, identity, identity, Buffer.alloc(0), options, (error, answer) => {
      process.stdout.write(`${error ? `error: ${error.message}` : answer?.toString('utf8')}\n`);
    });
  });
  lines.on('close', () => process.exit(0));
}
