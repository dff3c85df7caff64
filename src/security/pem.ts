/** Certificates as PEM text (RFC 7468). Pure. */

/** RFC 7468: base64 in lines of 64 characters. */
export function formatCertificatePem(der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;

/** @returns each certificate of a text in the one canonical form: equal certificates are equal texts. What is around them is left out. */
export function splitCertificatePems(text: string): readonly string[] {
  return [...text.matchAll(CERTIFICATE)].map(([, base64 = '']) => formatCertificatePem(Buffer.from(base64, 'base64')));
}
