/** The bodies of all certificates of a PEM text, whatever its line breaks. */
function certificates(pem: string): readonly string[] {
  const pattern = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/g;
  return [...pem.matchAll(pattern)].map(([, body = '']) => body.replace(/\s/g, ''));
}

/** Do two sets of roots have a certificate in common, so that who believes one believes the other's control plane? */
export function shareCertificate(one: string, other: string): boolean {
  const known = new Set(certificates(one));
  return certificates(other).some((each) => known.has(each));
}
