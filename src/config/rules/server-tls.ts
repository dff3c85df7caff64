import type { ServerTlsSettings } from '../gateway/server-tls.ts';
import type { Report } from '../object-report.ts';
import type { Path } from '../schema/path.ts';
import { problem } from '../subject.ts';

/** What BoringSSL calls the cipher suites that Envoy can be told to use. */
const CIPHER_SUITES: ReadonlySet<string> = new Set([
  'AES128-GCM-SHA256',
  'AES128-SHA',
  'AES256-GCM-SHA384',
  'AES256-SHA',
  'DES-CBC3-SHA',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-SHA',
  'ECDHE-RSA-CHACHA20-POLY1305',
]);

/** Which keys and certificates go with which mode of a server (Istio: validateTLSOptions). */
export function checkServerTls(tls: ServerTlsSettings | undefined, path: Path, report: Report): void {
  if (!tls) return;
  checkVersions(tls, path, report);
  checkCiphers(tls.cipherSuites ?? [], path, report);
  if (tls.mode === 'ISTIO_MUTUAL') {
    for (const field of certificateFields(tls).filter((name) => name !== 'caCrl')) {
      problem(report, 'PEL3018', path, `ISTIO_MUTUAL uses the mesh's own certificates, so ${field} cannot be given`);
    }
    return;
  }
  const isPassed = tls.mode === undefined || tls.mode === 'PASSTHROUGH' || tls.mode === 'AUTO_PASSTHROUGH';
  if (isPassed && tls.httpsRedirect !== true && certificateFields(tls).length > 0) {
    const mode = tls.mode ?? 'PASSTHROUGH';
    problem(report, 'PEL3017', path, `${mode} ends no TLS here, so the certificates given are not used`);
  }
  checkSources(tls, path, report);
  if (!isPassed) checkFiles(tls, path, report);
}

function checkVersions(tls: ServerTlsSettings, path: Path, report: Report): void {
  const isOld = tls.minProtocolVersion === 'TLSV1_0' || tls.minProtocolVersion === 'TLSV1_1';
  if (!isOld || tls.cipherSuites?.length) return;
  const text = 'versions before TLSV1_2 need cipherSuites that they know; none of the default ones is';
  problem(report, 'PEL3017', [...path, 'minProtocolVersion'], text);
}

function checkCiphers(suites: readonly string[], path: Path, report: Report): void {
  const seen = new Set<string>();
  suites.forEach((suite, index) => {
    const place = [...path, 'cipherSuites', index];
    // Expressions such as `-SHA` or `[A|B]` and `ALL` are BoringSSL's own language.
    const isExpression = suite === '' || suite === 'ALL' || !/^[A-Za-z0-9]/.test(suite);
    if (!isExpression && !CIPHER_SUITES.has(suite))
      problem(report, 'PEL3017', place, `${suite} is no cipher suite and is ignored`);
    else if (seen.has(suite)) problem(report, 'PEL3017', place, `${suite} is given more than once`);
    seen.add(suite);
  });
}

function certificateFields(tls: ServerTlsSettings): string[] {
  const given: Readonly<Record<string, boolean>> = {
    serverCertificate: Boolean(tls.serverCertificate),
    privateKey: Boolean(tls.privateKey),
    caCertificates: Boolean(tls.caCertificates),
    caCrl: Boolean(tls.caCrl),
    tlsCertificates: Boolean(tls.tlsCertificates?.length),
    credentialName: Boolean(tls.credentialName),
    credentialNames: Boolean(tls.credentialNames?.length),
  };
  return Object.keys(given).filter((field) => given[field] === true);
}

function checkSources(tls: ServerTlsSettings, path: Path, report: Report): void {
  const sources = [
    tls.serverCertificate && tls.privateKey ? 'serverCertificate' : '',
    tls.credentialName ? 'credentialName' : '',
    tls.credentialNames?.length ? 'credentialNames' : '',
    tls.tlsCertificates?.length ? 'tlsCertificates' : '',
  ].filter((source) => source !== '');
  if (sources.length > 1) {
    problem(
      report,
      'PEL3018',
      path,
      `the certificates can come from one place only, but ${sources.join(' and ')} are given`,
    );
  }
}

function checkFiles(tls: ServerTlsSettings, path: Path, report: Report): void {
  const mode = tls.mode ?? '';
  if (tls.caCrl && tls.credentialName) {
    problem(
      report,
      'PEL3017',
      path,
      'with credentialName, the revocation list is read from the Secret, not from caCrl',
    );
  } else if (tls.caCrl && mode === 'SIMPLE') {
    problem(report, 'PEL3018', path, 'SIMPLE asks clients for no certificate, so caCrl has no use');
  }
  if (tls.credentialName || tls.credentialNames?.length) return;
  if (mode !== 'SIMPLE' && !tls.caCertificates)
    problem(report, 'PEL3018', path, `${mode} needs caCertificates to check clients by`);
  const pairs = tls.tlsCertificates?.length ? tls.tlsCertificates : [tls];
  for (const pair of pairs) {
    if (!pair.serverCertificate)
      problem(report, 'PEL3018', path, `${mode} needs a serverCertificate or a credentialName`);
    if (!pair.privateKey) problem(report, 'PEL3018', path, `${mode} needs a privateKey or a credentialName`);
  }
  if (pairs.length > 2) problem(report, 'PEL3017', path, 'at most two certificates are used');
}
