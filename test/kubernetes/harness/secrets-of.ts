import { X509Certificate } from 'node:crypto';
import { splitCertificatePems } from '../../../src/security/index.ts';
import type { Lab } from './lab.ts';
import { istioctl } from './two-regions.ts';

/** The certificates that an Envoy has. */
export interface ProxyCertificates {
  /** Its own, then those that lead to a root. */
  readonly chain: readonly X509Certificate[];
  /** Whom it believes. */
  readonly roots: readonly X509Certificate[];
}

interface DumpedSecret {
  readonly name: string;
  readonly secret: {
    readonly tls_certificate?: { readonly certificate_chain?: Data };
    readonly validation_context?: { readonly trusted_ca?: Data };
  };
}
interface Data {
  readonly inline_bytes?: string;
}

/** By `istioctl proxy-config secret`. */
export async function certificatesOf(lab: Lab, cluster: string, target: string): Promise<ProxyCertificates> {
  const text = await istioctl(lab, 'proxy-config', 'secret', target, '--context', cluster, '-o', 'json');
  const secrets = JSON.parse(text) as readonly DumpedSecret[];
  const read = (data: Data | undefined): readonly X509Certificate[] =>
    splitCertificatePems(Buffer.from(data?.inline_bytes ?? '', 'base64').toString()).map(
      (pem) => new X509Certificate(pem),
    );
  const named = (name: string) => secrets.find((each) => each.name === name)?.secret;
  return {
    chain: read(named('default')?.tls_certificate?.certificate_chain),
    roots: read(named('ROOTCA')?.validation_context?.trusted_ca),
  };
}
