import { formatIdentity, type Identity } from '../model/index.ts';
import { SecurityError } from './security-error.ts';

/** SPIFFE-ID specification 2.3: the whole URI, in bytes. Every allowed character is one byte. */
export const MAX_SPIFFE_ID_BYTES = 2048;
/** SPIFFE-ID specification 2.1 and RFC 3986 (host): the trust domain's name, in bytes. */
export const MAX_TRUST_DOMAIN_BYTES = 255;

const SCHEME = 'spiffe://';
const TRUST_DOMAIN = /^[a-z0-9._-]+$/;
const SEGMENT = /^[A-Za-z0-9._-]+$/;

/**
 * What a SPIFFE ID names. `workload`: `spiffe://<trust domain>/ns/<namespace>/sa/<service account>` (Istio's path).
 * `trust-domain`: an ID without a path, which X509-SVID (section 4.1) gives to signing certificates.
 */
export type SpiffeIdResult =
  | { readonly kind: 'workload'; readonly identity: Identity }
  | { readonly kind: 'trust-domain'; readonly trustDomain: string }
  | { readonly kind: 'invalid'; readonly reason: string };

/**
 * Reads a SPIFFE ID by the SPIFFE-ID specification, section 2, and Istio's path form. Takes foreign input: never throws.
 * The reason of an invalid one repeats at most a short, printable part of the text.
 */
export function parseSpiffeId(text: string): SpiffeIdResult {
  if (text.length > MAX_SPIFFE_ID_BYTES) {
    return invalid(`it has ${text.length} characters, the limit is ${MAX_SPIFFE_ID_BYTES} bytes`);
  }
  if (!text.startsWith(SCHEME)) return invalid(`it does not start with "${SCHEME}"`);
  const rest = text.slice(SCHEME.length);
  const slash = rest.indexOf('/');
  const trustDomain = slash < 0 ? rest : rest.slice(0, slash);
  const domainFault = faultOfTrustDomain(trustDomain);
  if (domainFault) return invalid(domainFault);
  if (slash < 0) return { kind: 'trust-domain', trustDomain };

  const segments = rest.slice(slash + 1).split('/');
  for (const segment of segments) {
    const fault = faultOfSegment(segment);
    if (fault) return invalid(fault);
  }
  const [ns, namespace, sa, serviceAccount] = segments;
  if (segments.length !== 4 || ns !== 'ns' || sa !== 'sa' || !namespace || !serviceAccount) {
    return invalid('its path is not /ns/<namespace>/sa/<service account>');
  }
  return { kind: 'workload', identity: { trustDomain, namespace, serviceAccount } };
}

/**
 * @returns the workload identity that the text names.
 * @throws SecurityError `spiffe-id-invalid` where the text names none.
 */
export function requireIdentity(text: string): Identity {
  const result = parseSpiffeId(text);
  if (result.kind === 'workload') return result.identity;
  throw spiffeIdError(text, result.kind === 'invalid' ? result.reason : 'it names a trust domain and no workload');
}

/**
 * Writes the SPIFFE ID of a workload; what it writes {@link parseSpiffeId} reads back.
 * @throws SecurityError `spiffe-id-invalid` where a part is empty, too long or has a forbidden character.
 */
export function formatSpiffeId(identity: Identity): string {
  const text = formatIdentity(identity);
  requireIdentity(text);
  return text;
}

/**
 * Writes the path-less SPIFFE ID of a trust domain, as signing certificates carry it.
 * @throws SecurityError `spiffe-id-invalid` where the name is no trust domain.
 */
export function formatTrustDomainId(trustDomain: string): string {
  const fault = faultOfTrustDomain(trustDomain);
  if (fault) throw spiffeIdError(`${SCHEME}${trustDomain}`, fault);
  return `${SCHEME}${trustDomain}`;
}

function faultOfTrustDomain(name: string): string | undefined {
  if (name === '') return 'its trust domain is empty';
  if (name.length > MAX_TRUST_DOMAIN_BYTES) {
    return `its trust domain has ${name.length} characters, the limit is ${MAX_TRUST_DOMAIN_BYTES}`;
  }
  if (!TRUST_DOMAIN.test(name)) {
    return `its trust domain ${quote(name)} may hold only lower-case letters, digits, ".", "-" and "_" (no user, port or "%")`;
  }
  return undefined;
}

function faultOfSegment(segment: string): string | undefined {
  if (segment === '') return 'its path has an empty segment or ends in "/"';
  if (segment === '.' || segment === '..') return `its path has the relative segment "${segment}"`;
  if (!SEGMENT.test(segment)) {
    return `its path segment ${quote(segment)} may hold only letters, digits, ".", "-" and "_" (no query, fragment or "%")`;
  }
  return undefined;
}

function invalid(reason: string): SpiffeIdResult {
  return { kind: 'invalid', reason };
}

function spiffeIdError(text: string, reason: string): SecurityError {
  return new SecurityError('spiffe-id-invalid', {
    what: `${quote(text)} is not the SPIFFE ID of a workload: ${reason}.`,
    why: 'Certificates and policies know workloads by this ID.',
    remedy: 'Write it as spiffe://<trust domain>/ns/<namespace>/sa/<service account>.',
  });
}

/** JSON quoting keeps control characters of foreign input out of terminals and logs. */
function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
