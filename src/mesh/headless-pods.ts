import type { Index } from '../graph/index.ts';
import { type ClusterId, type Endpoint, formatObjectRef, type Hostname, type ObjectRef } from '../model/index.ts';
import type { Endpoints } from './endpoints.ts';
import { addressKey } from './ip-block.ts';
import type { MeshObject, ObjectTables } from './objects.ts';
import { fullName } from './services.ts';
import { SERVICE_NAME_LABEL } from './slice-endpoints.ts';

type Slice = MeshObject<'EndpointSlice'>;

/** One endpoint of a headless Service, as its clients call it: by its own address. */
export interface HeadlessPod {
  readonly hostname: Hostname;
  /** Of the Service. */
  readonly port: number;
  readonly endpoint: Endpoint;
  readonly service: ObjectRef;
}

/** The endpoints of headless Services by their addresses; they need not be pods. */
export class HeadlessPods {
  private readonly tables: ObjectTables;
  private readonly endpoints: Endpoints;
  private readonly slices: Index<Slice>;

  constructor(tables: ObjectTables, endpoints: Endpoints) {
    this.tables = tables;
    this.endpoints = endpoints;
    this.slices = tables.EndpointSlice.all.index('EndpointSlice by address', ({ spec, ref }) => {
      const addresses = (spec.endpoints ?? []).flatMap((item) => item.addresses?.[0] ?? []);
      return [...new Set(addresses.flatMap((address) => addressKey(address) ?? []))].map(
        (key) => `${ref.cluster}/${key}`,
      );
    });
  }

  /** @param port the one that is called, which is the endpoint's own: nothing maps ports here. Tracked. */
  at(cluster: ClusterId, address: string, port: number): HeadlessPod | undefined {
    const key = addressKey(address);
    if (key === undefined) return undefined;
    for (const slice of this.slices.get(`${cluster}/${key}`)) {
      const found = this.inSlice(slice, key, port);
      if (found) return found;
    }
    return undefined;
  }

  private inSlice(slice: Slice, key: string, called: number): HeadlessPod | undefined {
    const { cluster, namespace } = slice.ref;
    const name = slice.meta.labels[SERVICE_NAME_LABEL] ?? '';
    const ref = { cluster, kind: 'Service', namespace, name };
    const service = this.tables.Service.all.get(formatObjectRef(ref));
    const portName = (slice.spec.ports ?? []).find(({ port }) => port === called)?.name;
    const port = service?.spec.ports.find((one) => (one.name ?? '') === portName)?.port;
    if (service?.spec.clusterIP !== 'None' || port === undefined) return undefined;
    const endpoint = this.endpoints
      .of({ kind: 'kubernetes', clusters: [cluster], namespace, name }, { number: port, name: portName ?? '' })
      .find(({ address }) => addressKey(address) === key);
    return endpoint && { hostname: fullName(name, namespace), port, endpoint, service: ref };
  }
}
