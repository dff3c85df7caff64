import { addAbortSignal, type Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { streamDecode, streamEncode } from 'dns-packet';
import { type ApiServer, type KubernetesList, portForward, resourcePath } from '../../kubernetes-api/index.ts';
import { textAt } from '../plain.ts';

const POLL_MS = 1_000;
const ANSWER_MS = 5_000;
const DNS_PORT = 53;
/** The label of the pods of a cluster's DNS, whatever program it is (Kubernetes: DNS for Services and Pods). */
const DNS_PODS = { namespace: 'kube-system', labelSelector: 'k8s-app=kube-dns' };

/** Whether a cluster's own DNS knows a name of the mesh. */
export type NameState = 'resolved' | 'unknown' | 'no-dns';

/**
 * Waits until a cluster's own DNS answers for a name, by asking one of its pods over TCP through the API server. A new zone is
 * known once the kubelet has written it into the pod and the server has read it, which takes up to two minutes.
 */
export async function waitForName(api: ApiServer, name: string, timeoutMs: number): Promise<NameState> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const state = await askDns(api, name).catch((): NameState => 'unknown');
    if (state !== 'unknown' || Date.now() >= endMs) return state;
    await delay(POLL_MS);
  }
}

async function askDns(api: ApiServer, name: string): Promise<NameState> {
  const { namespace, labelSelector } = DNS_PODS;
  const path = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace });
  const { items } = await api.get<KubernetesList>(path, { query: { labelSelector } });
  const [pod] = items.filter((item) => textAt(item, 'status', 'phase') === 'Running');
  if (!pod) return 'no-dns';
  const stream = await portForward(api, { namespace, pod: pod.metadata.name, port: DNS_PORT });
  try {
    return (await query(stream, name)) ? 'resolved' : 'unknown';
  } finally {
    stream.destroy();
  }
}

/** One question over TCP (RFC 1035, section 4.2.2). @returns whether there is an address. */
async function query(stream: Duplex, name: string): Promise<boolean> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  stream.write(streamEncode({ type: 'query', id: 1, flags: 1 << 8, questions: [{ type: 'A', name }] }));
  let bytes = Buffer.alloc(0);
  for await (const part of addAbortSignal(signal, stream) as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, part]);
    if (bytes.length >= 2 && bytes.length >= bytes.readUInt16BE(0) + 2) {
      return (streamDecode(bytes).answers ?? []).length > 0;
    }
  }
  return false;
}
