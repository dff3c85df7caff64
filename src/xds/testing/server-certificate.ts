import { CertificateAuthority } from '../../security/index.ts';
import type { ServerKeyPair } from '../renewable-server-credentials.ts';

/** A control plane's certificates from one root: `issue` gives a fresh pair for `xds.test` on the loopback. */
export interface TestAuthority {
  readonly rootPem: string;
  issue(): ServerKeyPair;
}

export function createTestAuthority(): TestAuthority {
  const authority = CertificateAuthority.createRoot('cluster1', { trustDomain: 'cluster.local', now: Date.now });
  return {
    rootPem: authority.root.pem,
    issue: () => {
      const issued = authority.issueServer(
        [
          { kind: 'dns', name: 'xds.test' },
          { kind: 'ip', address: '127.0.0.1' },
        ],
        { ttlMs: 3_600_000 },
      );
      return { certPem: issued.certificateChainPem, keyPem: issued.privateKeyPem };
    },
  };
}
