import type { ClusterId, SocketAddress } from '../../model/index.ts';
import { bindablePort, isFree, type PortPool } from './free-port.ts';
import type { Addresses } from './loopback-network.ts';
import type { LoopbackSlot } from './loopback-slot.ts';
import type { ServiceSocketRequest } from './pod-network.ts';

/** Last byte of the first address of each role, in 127.S.0.0/24. */
const FIRST_HOST: Readonly<Record<ServiceSocketRequest['role'], number>> = {
  'control-plane': 2,
  dns: 80,
  outside: 100,
};
const HOSTS_PER_BLOCK = 254;
/** How many other ports are tried where one is taken. */
const MAX_TRIES = 200;

/** An address for each pod (Linux answers on all of 127.0.0.0/8), so that ports are what the manifests say. */
export class AddressPool implements Addresses {
  readonly #slot: LoopbackSlot;
  /** Blocks 127.S.B.0/24, each of one cluster. */
  readonly #blocks = new Map<ClusterId, Block[]>();
  readonly #sockets = new Set<string>();
  #nextBlock = 1;

  constructor(slot: LoopbackSlot) {
    this.#slot = slot;
  }

  async service({ role, index, port }: ServiceSocketRequest): Promise<SocketAddress> {
    return await this.bind(`127.${this.#slot.slot}.0.${FIRST_HOST[role] + index}`, port);
  }

  openPod(cluster: ClusterId): { readonly address: string; release(): void } {
    const blocks = this.#blocks.get(cluster) ?? [];
    this.#blocks.set(cluster, blocks);
    const block = blocks.find((candidate) => candidate.taken.size < HOSTS_PER_BLOCK) ?? this.#newBlock(blocks);
    do block.last = (block.last % HOSTS_PER_BLOCK) + 1;
    while (block.taken.has(block.last));
    const host = block.last;
    block.taken.add(host);
    return { address: `127.${this.#slot.slot}.${block.number}.${host}`, release: () => block.taken.delete(host) };
  }

  async bind(address: string, port: number): Promise<SocketAddress> {
    const first = bindablePort(port);
    for (let candidate = first; candidate < Math.min(first + MAX_TRIES, 65_536); candidate++) {
      const socket = { address, port: candidate };
      const key = `${address}:${candidate}`;
      if (this.#sockets.has(key)) continue;
      this.#sockets.add(key);
      if (await isFree(socket)) return socket;
      this.#sockets.delete(key);
    }
    throw new Error(`no port from ${first} on is free on ${address}`);
  }

  unbind({ address, port }: SocketAddress): void {
    this.#sockets.delete(`${address}:${port}`);
  }

  async close(): Promise<void> {
    await this.#slot.release();
  }

  #newBlock(blocks: Block[]): Block {
    if (this.#nextBlock > 254) throw new Error('all pod addresses of this fleet are taken (64,516)');
    const block = { number: this.#nextBlock++, taken: new Set<number>(), last: 0 };
    blocks.push(block);
    return block;
  }
}

interface Block {
  readonly number: number;
  readonly taken: Set<number>;
  /** The host byte given out last: addresses are used in turn, so that one that was given back rests for long. */
  last: number;
}

/** 127.0.0.1 for all pods, each port another one: where the loopback interface has only that address (macOS). */
export class SharedAddress implements Addresses {
  readonly #ports: PortPool;

  constructor(ports: PortPool) {
    this.#ports = ports;
  }

  service(): Promise<SocketAddress> {
    return this.#ports.take();
  }

  openPod(): { readonly address: string; release(): void } {
    return { address: '127.0.0.1', release: () => undefined };
  }

  bind(): Promise<SocketAddress> {
    return this.#ports.take();
  }

  unbind({ port }: SocketAddress): void {
    this.#ports.release(port);
  }

  async close(): Promise<void> {
    // Ports were never held open.
  }
}
