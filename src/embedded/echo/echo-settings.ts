/** What the echo server is told by its environment. */
export interface EchoSettings {
  readonly self: EchoSelf;
  readonly listen: readonly EchoSocket[];
}

/** Who it says it is, in every answer. */
export interface EchoSelf {
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
  readonly version: string;
  readonly app: string;
}

export interface EchoSocket {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
}

const MAX_SOCKETS = 100;

/**
 * Reads POD_NAME, POD_NAMESPACE, CLUSTER, VERSION, APP and LISTEN: a JSON list of {address, port, name?, protocol?},
 * where the protocol is http unless it is tcp. @throws Error that names the variable.
 */
export function readEchoSettings(env: Readonly<Record<string, string | undefined>>): EchoSettings {
  return {
    self: {
      cluster: env['CLUSTER'] ?? '',
      namespace: env['POD_NAMESPACE'] ?? '',
      pod: env['POD_NAME'] ?? '',
      version: env['VERSION'] ?? '',
      app: env['APP'] ?? '',
    },
    listen: parseListen(env['LISTEN'] ?? '[]'),
  };
}

function parseListen(text: string): readonly EchoSocket[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`LISTEN is not JSON: ${text.slice(0, 200)}`);
  }
  if (!Array.isArray(value) || value.length > MAX_SOCKETS) {
    throw new Error(`LISTEN must be a list of at most ${MAX_SOCKETS} sockets`);
  }
  return value.map((item: unknown) => {
    const { address, port, protocol } = (item ?? {}) as Partial<Record<string, unknown>>;
    if (
      typeof address !== 'string' ||
      typeof port !== 'number' ||
      !Number.isInteger(port) ||
      port < 0 ||
      port > 65_535
    ) {
      throw new Error(`LISTEN: ${JSON.stringify(item)} is no {address, port}`);
    }
    return { address, port, protocol: protocol === 'tcp' ? 'tcp' : 'http' };
  });
}
