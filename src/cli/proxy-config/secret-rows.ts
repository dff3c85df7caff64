import { X509Certificate } from 'node:crypto';
import { at, textAt } from '../objects/body.ts';
import type { DumpedSecret } from './config-dump.ts';

export const SECRET_HEADINGS: readonly string[] = [
  'RESOURCE NAME',
  'TYPE',
  'STATUS',
  'VALID CERT',
  'SERIAL NUMBER',
  'NOT AFTER',
  'NOT BEFORE',
  'TRUST DOMAIN',
];

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** A row per certificate of a chain's head or of a bundle. Keys are not looked at. */
export function secretRows({ name, state, secret }: DumpedSecret, nowMs: number): readonly (readonly string[])[] {
  const chain = at(secret, 'tls_certificate', 'certificate_chain');
  const bundle = at(secret, 'validation_context', 'trusted_ca');
  const isChain = at(secret, 'tls_certificate') !== undefined;
  const type = isChain ? 'Cert Chain' : at(secret, 'validation_context') === undefined ? 'Other' : 'CA';
  const certificates = readCertificates(isChain ? chain : bundle);
  const shown = isChain ? certificates.slice(0, 1) : certificates;
  if (shown.length === 0) return [[name, type, state, type === 'Other' ? '' : 'false', '', '', '', '']];
  return shown.map((certificate) => [
    name,
    type,
    state,
    String(Date.parse(certificate.validFrom) <= nowMs && nowMs < Date.parse(certificate.validTo)),
    certificate.serialNumber.toLowerCase(),
    formatTime(certificate.validTo),
    formatTime(certificate.validFrom),
    trustDomainOf(certificate),
  ]);
}

function readCertificates(source: unknown): readonly X509Certificate[] {
  const bytes = textAt(source, 'inline_bytes');
  const text = bytes === '' ? textAt(source, 'inline_string') : Buffer.from(bytes, 'base64').toString('utf8');
  return [...text.matchAll(CERTIFICATE)].flatMap(([pem]) => {
    try {
      return [new X509Certificate(pem)];
    } catch {
      return [];
    }
  });
}

/** That of the SPIFFE id; roots need not have one. */
function trustDomainOf({ subjectAltName }: X509Certificate): string {
  return /URI:spiffe:\/\/([^/,\s]+)/.exec(subjectAltName ?? '')?.[1] ?? '-';
}

function formatTime(text: string): string {
  return new Date(text).toISOString().replace('.000Z', 'Z');
}
