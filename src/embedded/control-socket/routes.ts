import type { MemberCluster } from '../cluster/member-cluster.ts';
import type { Fleet } from '../fleet.ts';
import type { ApplyRequest, DeleteRequest, ObjectList, PodAccess } from '../fleet-api.ts';
import { formatStoredBody } from '../store/stored-object.ts';
import { applyManifest, deleteByName, deleteManifest } from './apply.ts';
import { ControlError } from './control-error.ts';

export interface ControlRequest {
  readonly method: string;
  readonly url: string;
  /** Parsed JSON. */
  readonly body: unknown;
}

export interface ControlAnswer {
  readonly status: number;
  readonly value: unknown;
}

/** Answers one request of the fleet's API (see fleet-api.ts). @throws ControlError */
export async function answer(fleet: Fleet, { method, url, body }: ControlRequest): Promise<ControlAnswer> {
  const { pathname, searchParams } = new URL(url, 'http://fleet');
  const [version, area, ...rest] = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const route = `${method} ${version}/${area}`;
  if (route === 'GET v1/fleet' && rest.length === 0) return ok(fleet.status());
  if (route === 'GET v1/proxies' && rest.length === 0) return ok(fleet.proxies());
  if (route === 'POST v1/down' && rest.length === 0) {
    // After the answer is on its way.
    setTimeout(() => void fleet.stop(), 10);
    return { status: 202, value: {} };
  }
  const [name = '', ...what] = rest;
  if (area === 'clusters' && version === 'v1' && what.length > 0) {
    return ok(ofCluster(memberOf(fleet, name), { method, what, body, namespace: searchParams.get('namespace') }));
  }
  throw notFound(`there is nothing at ${method} ${pathname}`);
}

interface ClusterRequest {
  readonly method: string;
  readonly what: readonly string[];
  readonly body: unknown;
  readonly namespace: string | null;
}

function ofCluster(member: MemberCluster, { method, what, body, namespace }: ClusterRequest): unknown {
  const [first, second = '', third, fourth = ''] = what;
  if (method === 'GET' && first === 'objects' && what.length === 2) return listObjects(member, second, namespace);
  if (method === 'GET' && first === 'namespaces' && third === 'pods' && what.length === 4) {
    return podAccess(member, second, fourth);
  }
  if (method === 'POST' && first === 'apply' && what.length === 1) return applyManifest(member, applyRequest(body));
  if (method === 'POST' && first === 'delete' && what.length === 1) {
    const request = deleteRequest(body);
    return 'text' in request ? deleteManifest(member, request) : deleteByName(member, request);
  }
  throw notFound(`there is nothing at ${method} ${what.join('/')} of a cluster`);
}

function listObjects(member: MemberCluster, kind: string, namespace: string | null): ObjectList {
  const items = member.store
    .listStored(kind)
    .filter(({ raw }) => namespace === null || raw.ref.namespace === namespace || raw.ref.namespace === '')
    .map((stored) => ({ ref: stored.raw.ref, body: formatStoredBody(stored) }));
  return { kind, items };
}

function podAccess(member: MemberCluster, namespace: string, pod: string): PodAccess {
  const access = member.access(namespace, pod);
  if (access) return access;
  const known = member.pods().filter((one) => one.namespace === namespace);
  throw notFound(
    `there is no pod ${pod} in the namespace ${namespace} of ${member.config.name}`,
    known.length > 0 ? `There are: ${known.map(({ name }) => name).join(', ')}.` : 'The namespace has no pods.',
  );
}

function memberOf(fleet: Fleet, name: string): MemberCluster {
  const member = fleet.member(name);
  if (member) return member;
  const names = fleet.members.map(({ config }) => config.name).join(', ');
  throw notFound(`there is no cluster ${name} in this fleet`, `There are: ${names}.`);
}

/** 4 MiB of manifests, as of one file. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;

function applyRequest(body: unknown): ApplyRequest {
  const { file, text, namespace } = fieldsOf(body);
  if (typeof file !== 'string' || typeof text !== 'string' || !isOptionalText(namespace)) {
    throw badRequest('file and text are expected, both texts');
  }
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES) {
    throw new ControlError(413, 'too-large', {
      message: `${file} is larger than ${MAX_TEXT_BYTES} bytes`,
      remedy: 'Split it into several files.',
    });
  }
  return { file, text, ...(namespace === undefined ? {} : { namespace }) };
}

function deleteRequest(body: unknown): DeleteRequest {
  const fields = fieldsOf(body);
  if ('text' in fields) return applyRequest(body);
  const { kind, name, namespace } = fields;
  if (typeof kind === 'string' && typeof name === 'string' && typeof namespace === 'string')
    return { kind, name, namespace };
  throw badRequest('either file and text are expected, or kind, name and namespace');
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function ok(value: unknown): ControlAnswer {
  return { status: 200, value };
}

function badRequest(message: string): ControlError {
  return new ControlError(400, 'bad-request', {
    message,
    remedy: 'Use the pelagos command of the same version as the running fleet.',
  });
}

function notFound(message: string, remedy = 'Look at `pelagos status` for what there is.'): ControlError {
  return new ControlError(404, 'not-found', { message, remedy });
}
