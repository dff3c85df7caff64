import type { ClientTlsSettings } from '../destination-rule/type.ts';
import type { Report } from '../object-report.ts';
import type { Path } from '../schema/path.ts';
import { problem } from '../subject.ts';

/** Which keys and certificates go with which mode of a client (Istio: ValidateTLS). */
export function checkClientTls(tls: ClientTlsSettings | undefined, path: Path, report: Report): void {
  if (!tls) return;
  if (tls.insecureSkipVerify === true) checkUnverified(tls, path, report);
  if (tls.mode !== 'SIMPLE' && tls.mode !== 'MUTUAL') return;
  if (tls.credentialName) {
    if (tls.clientCertificate || tls.privateKey || tls.caCertificates || tls.caCrl) {
      problem(
        report,
        'PEL3018',
        path,
        'with credentialName, certificates and keys come from the Secret, so no files can be given',
      );
    }
  } else if (tls.mode === 'MUTUAL') {
    if (!tls.clientCertificate)
      problem(report, 'PEL3018', path, 'MUTUAL needs a clientCertificate or a credentialName');
    if (!tls.privateKey) problem(report, 'PEL3018', path, 'MUTUAL needs a privateKey or a credentialName');
  }
}

function checkUnverified(tls: ClientTlsSettings, path: Path, report: Report): void {
  const names = tls.subjectAltNames?.length ? 'subjectAltNames' : undefined;
  const roots = tls.caCertificates ? 'caCertificates' : undefined;
  const secret = tls.mode === 'SIMPLE' && tls.credentialName ? 'credentialName' : undefined;
  if (tls.mode !== 'SIMPLE' && tls.mode !== 'MUTUAL') return;
  for (const field of [roots, secret, names]) {
    if (field)
      problem(report, 'PEL3018', path, `insecureSkipVerify verifies nothing, so ${field} cannot be given with it`);
  }
}
