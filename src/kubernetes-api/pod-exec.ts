import { ApiError } from './api-error.ts';
import type { ApiServer } from './api-server.ts';
import { bytesOf } from './port-forward.ts';
import { resourcePath } from './resource-path.ts';

/** Channels of `channel.k8s.io` (API concepts, WebSocket streaming): 0 is the input, which is not used here. */
const OUT = 1;
const ERR = 2;
/** An object of kind Status with the exit code. */
const STATUS = 3;
const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

export interface PodCommand {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  /** How long it may run, in milliseconds; 30,000 unless given. */
  readonly timeoutMs?: number;
}

export interface CommandOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a command in a container and waits for its end. It gets no input and no terminal.
 * @throws ApiError where it cannot be run, runs too long, or writes more than 4 MiB.
 */
export async function execInPod(api: ApiServer, command: PodCommand): Promise<CommandOutcome> {
  const { namespace, pod, container, timeoutMs = DEFAULT_TIMEOUT_MS } = command;
  const socket = await api.webSocket(
    resourcePath({ apiVersion: 'v1', resource: 'pods', namespace, name: pod, subresource: 'exec' }),
    {
      query: { container, command: command.command, stdout: true, stderr: true },
      protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
    },
  );
  const texts: Record<number, Buffer[]> = { [OUT]: [], [ERR]: [], [STATUS]: [] };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let size = 0;
  const fail = (reason: string, message: string): void => {
    reject(new ApiError(`${command.command[0]} in pod ${namespace}/${pod} ${message}`, { status: 0, reason }));
    socket.terminate();
  };
  const timer = setTimeout(() => fail('Timeout', `did not end within ${timeoutMs} ms`), timeoutMs);
  socket.on('message', (data) => {
    const message = bytesOf(data);
    texts[message[0] ?? -1]?.push(message.subarray(1));
    size += message.length;
    if (size > MAX_OUTPUT_BYTES) fail('TooLarge', `wrote more than ${MAX_OUTPUT_BYTES} bytes`);
  });
  socket.on('close', () => resolve());
  socket.resume();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
  const textOf = (channel: number): string => Buffer.concat(texts[channel] ?? []).toString('utf8');
  return { code: exitCodeOf(textOf(STATUS), `pod ${namespace}/${pod}`), out: textOf(OUT), err: textOf(ERR) };
}

/** Reads the Status that ends a command. @throws ApiError where there is none, or it says that nothing was run. */
export function exitCodeOf(text: string, where: string): number {
  let status: { readonly status?: unknown; readonly reason?: unknown; readonly message?: unknown; details?: unknown };
  try {
    status = JSON.parse(text);
  } catch {
    throw new ApiError(`the stream of ${where} broke off before the command's end`, { status: 0, reason: 'BrokenOff' });
  }
  if (status.status === 'Success') return 0;
  const causes = (status.details as { readonly causes?: unknown } | undefined)?.causes;
  const list = (Array.isArray(causes) ? causes : []) as readonly {
    readonly reason?: string;
    readonly message?: string;
  }[];
  const code = Number(list.find(({ reason }) => reason === 'ExitCode')?.message);
  if (status.reason === 'NonZeroExitCode' && Number.isInteger(code)) return code;
  throw new ApiError(`${where} runs no command: ${String(status.message ?? text).slice(0, 500)}`, {
    status: 0,
    reason: typeof status.reason === 'string' ? status.reason : 'ExecFailed',
  });
}
