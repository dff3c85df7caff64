import { base64Decode } from '@bufbuild/protobuf/wire';
import type { MeshObject, MeshView } from '../mesh/index.ts';
import type { ObjectRef, ProxyScope } from '../model/index.ts';
import { encodeTrustBundle, encodeWorkloadCertificate, type WorkloadSecret } from '../security/index.ts';
import { gatewayCredentials, parseCredentialName } from '../translate/index.ts';

/** A Secret as SDS gives it, with the object it came from. */
export interface GatewaySecret extends WorkloadSecret {
  readonly origin: readonly ObjectRef[];
}

/**
 * The Secret behind an SDS name such as `kubernetes://web-cert` (or the roots behind `kubernetes://web-cert-cacert`), of the
 * gateway's own namespace and cluster. Only what the Gateway objects of this very proxy name is given. Tracked.
 */
export function gatewaySecret(mesh: MeshView, proxy: ProxyScope, name: string): GatewaySecret | undefined {
  const parsed = parseCredentialName(name);
  if (!parsed || !gatewayCredentials(mesh, proxy).includes(name)) return undefined;
  const { cluster, namespace } = proxy.client;
  const find = (secret: string): MeshObject<'Secret'> | undefined => mesh.secret(cluster, namespace, secret);
  if (!parsed.roots) return keyPair(name, find(parsed.secret));
  return roots(name, find(`${parsed.secret}-cacert`)) ?? roots(name, find(parsed.secret));
}

/** `tls.crt` and `tls.key` (kubernetes.io/tls), or `cert` and `key` (Istio's older names). */
function keyPair(name: string, secret: MeshObject<'Secret'> | undefined): GatewaySecret | undefined {
  const certificateChainPem = textOf(secret, 'tls.crt') ?? textOf(secret, 'cert');
  const privateKeyPem = textOf(secret, 'tls.key') ?? textOf(secret, 'key');
  if (!secret || !certificateChainPem || !privateKeyPem) return undefined;
  return { ...encodeWorkloadCertificate(name, { certificateChainPem, privateKeyPem }), origin: [secret.ref] };
}

function roots(name: string, secret: MeshObject<'Secret'> | undefined): GatewaySecret | undefined {
  const pem = textOf(secret, 'ca.crt') ?? textOf(secret, 'cacert');
  return secret && pem ? { ...encodeTrustBundle(name, pem), origin: [secret.ref] } : undefined;
}

/** `stringData` wins over `data`, which is base64 (Kubernetes). @returns undefined for what is not there or no base64. */
function textOf(secret: MeshObject<'Secret'> | undefined, key: string): string | undefined {
  const plain = secret?.spec.stringData?.[key];
  if (plain) return plain;
  const encoded = secret?.spec.data?.[key];
  if (!encoded) return undefined;
  try {
    return new TextDecoder().decode(base64Decode(encoded)) || undefined;
  } catch {
    return undefined;
  }
}
