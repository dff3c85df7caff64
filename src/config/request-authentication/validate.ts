import type { Report } from '../object-report.ts';
import { checkDuration } from '../rules/duration.ts';
import { checkSelection } from '../rules/selection.ts';
import type { Path } from '../schema/path.ts';
import { problem, type Subject } from '../subject.ts';
import { parseUrl } from '../values/url.ts';
import type { JwtRule, RequestAuthenticationSpec } from './type.ts';

const DRY_RUN = 'istio.io/dry-run';
/** Parts of a key that nobody but its owner may have (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1). */
const PRIVATE_PARTS: readonly string[] = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** What the schema of a RequestAuthentication cannot say (Istio: ValidateRequestAuthentication). */
export function validateRequestAuthentication(spec: RequestAuthenticationSpec, subject: Subject): void {
  const { report } = subject;
  checkSelection(spec, report);
  if (subject.annotations[DRY_RUN] !== undefined) {
    problem(report, 'PEL3011', ['metadata', 'annotations', DRY_RUN], 'only an AuthorizationPolicy can be tried out');
  }
  spec.jwtRules?.forEach((rule, index) => {
    checkRule(rule, ['spec', 'jwtRules', index], report);
  });
}

function checkRule(rule: JwtRule, path: Path, report: Report): void {
  const jwksUri = rule.jwksUri ?? rule.jwks_uri ?? '';
  if (!rule.issuer && jwksUri === '')
    problem(report, 'PEL3021', path, 'neither issuer nor jwksUri is given, so nobody knows whose tokens are meant');
  if (jwksUri !== '') {
    const { scheme = '' } = parseUrl(jwksUri) ?? {};
    if (scheme !== 'http' && scheme !== 'https')
      problem(report, 'PEL3021', [...path, 'jwksUri'], `"${jwksUri}" is no http or https URL`);
  }
  if (rule.jwks) checkJwks(rule.jwks, [...path, 'jwks'], report);
  checkTexts(rule.audiences, [...path, 'audiences'], report);
  checkTexts(
    rule.fromHeaders?.map((header) => header.name),
    [...path, 'fromHeaders'],
    report,
  );
  checkTexts(rule.fromParams, [...path, 'fromParams'], report);
  checkTexts(rule.fromCookies, [...path, 'fromCookies'], report);
  checkTexts(rule.spaceDelimitedClaims, [...path, 'spaceDelimitedClaims'], report);
  rule.outputClaimToHeaders?.forEach(({ header, claim }, index) => {
    const place = [...path, 'outputClaimToHeaders', index];
    if (header === '' || claim === '') problem(report, 'PEL3021', place, 'both header and claim are needed');
    else if (!/^[-_A-Za-z0-9]+$/.test(header))
      problem(report, 'PEL3008', place, `"${header}" cannot be the name of a header here`);
  });
  checkDuration(rule.timeout, [...path, 'timeout'], report);
}

function checkTexts(texts: readonly string[] | undefined, path: Path, report: Report): void {
  texts?.forEach((text, index) => {
    if (text === '') problem(report, 'PEL3021', [...path, index], 'it is empty');
  });
}

/** A JSON Web Key Set (RFC 7517, section 5), or a single key. */
function checkJwks(text: string, path: Path, report: Report): void {
  const keys = readKeys(text);
  if (typeof keys === 'string') {
    problem(report, 'PEL3021', path, keys);
    return;
  }
  keys.forEach((key, index) => {
    if (typeof key['kty'] !== 'string')
      problem(report, 'PEL3021', path, `key ${index} does not say of which type it is (kty)`);
    const secret = PRIVATE_PARTS.find((part) => key[part] !== undefined);
    if (secret === undefined) return;
    problem(
      report,
      'PEL3022',
      path,
      `key ${index} holds the private part "${secret}"; tokens are checked by public keys, and whoever reads this object can forge them`,
    );
  });
}

function readKeys(text: string): readonly Record<string, unknown>[] | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (typeof value !== 'object' || value === null) return 'it is no JSON Web Key Set';
  const keys: unknown = 'keys' in value ? value.keys : [value];
  const isList = Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null);
  return isList ? (keys as Record<string, unknown>[]) : 'its "keys" is no list of keys';
}
