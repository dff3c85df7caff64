import { fromBinary, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { type ChannelCredentials, Client, type ClientDuplexStream, Metadata, type ServiceError } from '@grpc/grpc-js';
import { messageNamed } from './envoy-json.ts';

const SERVICE = '/envoy.service.discovery.v3.AggregatedDiscoveryService';
const REQUEST = 'envoy.service.discovery.v3.DeltaDiscoveryRequest';
const RESPONSE = 'envoy.service.discovery.v3.DeltaDiscoveryResponse';

/** What a plain client reads of a delta response. */
export interface ReadResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly names: readonly string[];
  /** The bodies of those that have one. */
  readonly resources: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly removed: readonly string[];
  readonly controlPlane: string;
}

/** A delta client of plain grpc-js, with protobuf-es as its codec: nothing of the server's own code. */
export class GrpcDeltaClient {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #responses: ReadResponse[] = [];
  #error: ServiceError | undefined;
  #wake: () => void = () => undefined;

  constructor(
    target: string,
    credentials: ChannelCredentials,
    { token, serverName = 'xds.test' }: { readonly token?: string | undefined; readonly serverName?: string } = {},
  ) {
    this.#client = new Client(target, credentials, { 'grpc.ssl_target_name_override': serverName });
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    this.#call = this.#client.makeBidiStreamRequest(
      `${SERVICE}/DeltaAggregatedResources`,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      metadata,
    );
    this.#call.on('data', (bytes: Buffer) => {
      this.#responses.push(readResponse(bytes));
      this.#wake();
    });
    this.#call.on('error', (error: ServiceError) => {
      this.#error = error;
      this.#wake();
    });
  }

  send(json: JsonValue): void {
    const message = messageNamed(REQUEST);
    this.sendBytes(Buffer.from(toBinary(message, fromJson(message, json))));
  }

  sendBytes(bytes: Buffer): void {
    this.#call.write(bytes);
  }

  /** The next response. @throws the status where the server ended the stream, and after five seconds. */
  async next(): Promise<ReadResponse> {
    const end = Date.now() + 5_000;
    for (;;) {
      const response = this.#responses.shift();
      if (response) return response;
      if (this.#error) throw this.#error;
      if (Date.now() > end) throw new Error('no response within five seconds');
      await this.#woken();
    }
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 1_000);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function readResponse(bytes: Buffer): ReadResponse {
  const message = messageNamed(RESPONSE);
  const { resources, ...rest } = fromBinary(message, bytes) as unknown as {
    readonly resources: readonly { readonly name: string; readonly resource?: { readonly value: Uint8Array } }[];
    readonly typeUrl: string;
    readonly nonce: string;
    readonly removedResources: readonly string[];
    readonly controlPlane?: { readonly identifier: string };
  };
  return {
    typeUrl: rest.typeUrl,
    nonce: rest.nonce,
    names: resources.map(({ name }) => name),
    resources: resources.flatMap(({ name, resource }) => (resource ? [{ name, bytes: resource.value }] : [])),
    removed: rest.removedResources,
    controlPlane: rest.controlPlane?.identifier ?? '',
  };
}
