import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { SocketAddress } from '../../model/index.ts';

/** Ports that the kernel gives to outgoing connections: anything there may be taken at any moment. */
export interface PortRange {
  readonly low: number;
  readonly high: number;
}

/** Below this, binding may need privileges (`ip_unprivileged_port_start`); the same everywhere, so that runs are alike. */
export const FIRST_UNPRIVILEGED_PORT = 1024;
/** A privileged port is bound this much higher: 80 as 10080. */
const PRIVILEGED_OFFSET = 10_000;
/** IANA's dynamic ports, which macOS uses. */
const DEFAULT_EPHEMERAL: PortRange = { low: 49_152, high: 65_535 };

/** The kernel's range of ephemeral ports. */
export function ephemeralPorts(): PortRange {
  try {
    const [low = 0, high = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
      .trim()
      .split(/\s+/)
      .map(Number);
    return low > 0 && high >= low ? { low, high } : DEFAULT_EPHEMERAL;
  } catch {
    return DEFAULT_EPHEMERAL;
  }
}

/** Where servers of ours may listen without being in the way of outgoing connections. */
export function serverPorts(ephemeral: PortRange): PortRange {
  if (ephemeral.low >= 21_000) return { low: 20_000, high: ephemeral.low - 1 };
  if (ephemeral.low >= 12_000) return { low: 11_000, high: ephemeral.low - 1 };
  return { low: Math.min(ephemeral.high + 1, 61_000), high: 65_535 };
}

/** The port that is really bound for a port that a manifest names. */
export function bindablePort(port: number): number {
  return port < FIRST_UNPRIVILEGED_PORT ? port + PRIVILEGED_OFFSET : port;
}

/** Can somebody listen there now? */
export async function isFree({ address, port }: SocketAddress): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Hands out ports of one address, each to one holder at a time, and none again right after it was given back. */
export class PortPool {
  readonly #address: string;
  readonly #range: PortRange;
  readonly #taken = new Set<number>();
  #next: number;

  /** @param start offset into the range to begin at, so that several fleets do not all try the same ports. */
  constructor(address: string, range: PortRange, start: number) {
    this.#address = address;
    this.#range = range;
    this.#next = start % this.#size;
  }

  get #size(): number {
    return this.#range.high - this.#range.low + 1;
  }

  /** @throws where no port is free. */
  async take(): Promise<SocketAddress> {
    for (let tries = 0; tries < this.#size; tries++) {
      const port = this.#range.low + this.#next;
      this.#next = (this.#next + 1) % this.#size;
      if (this.#taken.has(port)) continue;
      this.#taken.add(port);
      if (await isFree({ address: this.#address, port })) return { address: this.#address, port };
      this.#taken.delete(port);
    }
    throw new Error(`no port between ${this.#range.low} and ${this.#range.high} is free on ${this.#address}`);
  }

  release(port: number): void {
    this.#taken.delete(port);
  }
}
