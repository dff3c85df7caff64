/** The Secrets that hold a cluster's certificate authority, in Istio's form. */
import {
  ApiError,
  type ApiServer,
  isNotFound,
  type KubernetesObject,
  resourcePath,
} from '../../kubernetes-api/index.ts';
import {
  type AuthorityContext,
  type AuthorityMaterial,
  createAuthorityMaterial,
  ROOT_TTL_MS,
} from '../../security/index.ts';

/** Brought by the people who run the cluster; counts before the other one (Istio: Plug in CA certificates). */
export const PLUGGED_SECRET = 'cacerts';
/** Made here where there is no other. */
export const OWN_SECRET = 'istio-ca-secret';
const OWN_TYPE = 'istio.io/ca-root';
const MAX_SECRET_BYTES = 2 * 1024 * 1024;

export interface AuthorityPlace extends AuthorityContext {
  readonly cluster: string;
  /** The root namespace. */
  readonly namespace: string;
}

/** @returns undefined where the Secret has no CA certificate in it. */
export function readMaterial(secret: KubernetesObject): AuthorityMaterial | undefined {
  const part = (name: string): string => decode(secret['data'], name);
  const certificatePem = part('ca-cert.pem');
  if (certificatePem.trim() === '') return undefined;
  const material = {
    source: `the Secret ${secret.metadata.namespace}/${secret.metadata.name}`,
    certificatePem,
    privateKeyPem: '',
    chainPem: part('cert-chain.pem'),
    rootsPem: part('root-cert.pem'),
  };
  return Object.defineProperty(material, 'privateKeyPem', { value: part('ca-key.pem'), enumerable: false });
}

/**
 * The authority that is to sign: the one that was brought, else the own one, which is made where there is none yet. Several
 * replicas that come at once end with the same.
 * @throws ApiError where the Secrets cannot be read or written.
 */
export async function readOrCreateMaterial(api: ApiServer, place: AuthorityPlace): Promise<AuthorityMaterial> {
  const plugged = await get(api, place, PLUGGED_SECRET);
  const found = plugged ?? (await get(api, place, OWN_SECRET));
  if (found) return found;
  const request = { ...place, nowMs: place.now(), ttlMs: ROOT_TTL_MS };
  const made = createAuthorityMaterial(request, `the Secret ${place.namespace}/${OWN_SECRET}`);
  try {
    await api.send('POST', secretsPath(place.namespace), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: OWN_SECRET, namespace: place.namespace },
      type: OWN_TYPE,
      data: { 'ca-cert.pem': encode(made.certificatePem), 'ca-key.pem': encode(made.privateKeyPem) },
    });
    return made;
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
    const other = await get(api, place, OWN_SECRET);
    if (other) return other;
    throw error;
  }
}

function secretsPath(namespace: string, name?: string): string {
  return resourcePath({ apiVersion: 'v1', resource: 'secrets', namespace, name });
}

async function get(api: ApiServer, place: AuthorityPlace, name: string): Promise<AuthorityMaterial | undefined> {
  try {
    return readMaterial(await api.get(secretsPath(place.namespace, name), { maxBytes: MAX_SECRET_BYTES }));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function decode(data: unknown, name: string): string {
  const value =
    typeof data === 'object' && data !== null ? (data as Readonly<Record<string, unknown>>)[name] : undefined;
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
}
