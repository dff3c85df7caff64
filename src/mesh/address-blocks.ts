import type { Graph, Index, Query } from '../graph/index.ts';
import { structuralEqual } from '../graph/index.ts';
import type { ClusterId } from '../model/index.ts';
import { parseBlock } from './ip-block.ts';
import type { MeshObject, ObjectTables } from './objects.ts';
import { VIRTUAL_ADDRESSES } from './virtual-address.ts';

/**
 * The blocks in which the mesh's own addresses lie, coarse and few: what is outside of them is outside the mesh without
 * asking. A block is a /16 of IPv4 or a /48 of IPv6, so that a pod more or less seldom changes anything.
 */
export class AddressBlocks {
  private readonly pods: Index<MeshObject<'Pod'>>;
  private readonly slices: Index<MeshObject<'EndpointSlice'>>;
  private readonly services: Index<MeshObject<'Service'>>;
  private readonly entries: Index<MeshObject<'ServiceEntry'>>;
  private readonly list: Query<readonly string[]>;

  constructor(graph: Graph, tables: ObjectTables, home: ClusterId) {
    this.pods = tables.Pod.all.index('Pod by block', ({ spec, status }) =>
      spec.hostNetwork ? [] : blocksOf([status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)]),
    );
    this.slices = tables.EndpointSlice.all.index('EndpointSlice by block', ({ spec }) =>
      // Pods say it themselves.
      blocksOf((spec.endpoints ?? []).flatMap(({ addresses, targetRef }) => (targetRef ? [] : (addresses ?? [])))),
    );
    this.services = tables.Service.all.index('Service by block', ({ spec }) =>
      blocksOf([spec.clusterIP, ...(spec.clusterIPs ?? [])]),
    );
    this.entries = tables.ServiceEntry.all.index('ServiceEntry by block', ({ spec, ref }) =>
      ref.cluster === home ? blocksOf(spec.addresses ?? []) : [],
    );
    const indexes = [this.pods, this.slices, this.services, this.entries];
    const used = (): readonly string[] => indexes.flatMap((index) => index.keys());
    this.list = graph.query('address blocks in use', () => [...new Set([VIRTUAL_ADDRESSES, ...used()])].sort(), {
      equal: structuralEqual,
    });
  }

  /** As CIDR blocks, sorted. Tracked. */
  all(): readonly string[] {
    return this.list.get('');
  }
}

function blocksOf(addresses: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(addresses.flatMap((address) => (address ? (blockOf(address) ?? []) : [])))];
}

/** How many leading bits a block has, by those of its addresses. */
const BLOCK_LENGTH = { 32: 16, 128: 48 } as const;

/** The block around an address or around a CIDR block; one that is wider than ours stays as it is. */
function blockOf(text: string): string | undefined {
  const parsed = parseBlock(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`);
  if (!parsed) return undefined;
  const { bits, value } = parsed;
  const length = Math.min(parsed.length, BLOCK_LENGTH[bits]);
  const dropped = BigInt(bits - length);
  return `${formatAddress(bits, (value >> dropped) << dropped)}/${length}`;
}

function formatAddress(bits: 32 | 128, value: bigint): string {
  const size = bits === 32 ? 8n : 16n;
  const parts = Array.from({ length: bits / Number(size) }, (_, index) => {
    const shift = BigInt(bits) - size * BigInt(index + 1);
    return ((value >> shift) & ((1n << size) - 1n)).toString(bits === 32 ? 10 : 16);
  });
  return parts.join(bits === 32 ? '.' : ':');
}
