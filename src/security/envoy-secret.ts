/** The Envoy messages of SDS: a certificate with its key, and the roots to verify peers with. */
import { createHash } from 'node:crypto';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { SecretSchema } from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts';

/** One encoded `envoy.extensions.transport_sockets.tls.v3.Secret`. Its bytes may hold a private key: they are never logged. */
export interface WorkloadSecret {
  readonly name: string;
  readonly bytes: Uint8Array;
  /**
   * Equal secrets have equal versions. Versions are shown and logged, so this is a part of a SHA-256, which tells nothing of
   * the key; the hash that other resources have (contentHash) can be run backwards.
   */
  readonly version: string;
}

/** What Envoy needs to show a certificate: the PEM chain, leaf first, and the leaf's key. */
export interface KeyMaterial {
  readonly certificateChainPem: string;
  readonly privateKeyPem: string;
}

/** A Secret with chain and key inline: nothing is written to a disk. */
export function encodeWorkloadCertificate(name: string, material: KeyMaterial): WorkloadSecret {
  return encodeSecret(name, {
    case: 'tlsCertificate',
    value: {
      certificateChain: inlineBytes(material.certificateChainPem),
      privateKey: inlineBytes(material.privateKeyPem),
    },
  });
}

/** A Secret with a validation context. Who may be at the other end is for the cluster or listener that uses it to say. */
export function encodeTrustBundle(name: string, rootsPem: string): WorkloadSecret {
  return encodeSecret(name, { case: 'validationContext', value: { trustedCa: inlineBytes(rootsPem) } });
}

type SecretInit = Exclude<MessageInitShape<typeof SecretSchema>, { readonly $typeName: string }>;

function encodeSecret(name: string, type: NonNullable<SecretInit['type']>): WorkloadSecret {
  const bytes = toBinary(SecretSchema, create(SecretSchema, { name, type }));
  return { name, bytes, version: createHash('sha256').update(bytes).digest('hex').slice(0, 16) };
}

function inlineBytes(text: string): { specifier: { case: 'inlineBytes'; value: Uint8Array<ArrayBuffer> } } {
  return { specifier: { case: 'inlineBytes', value: new TextEncoder().encode(text) } };
}
