import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';

/** A server's certificate chain and its private key, PEM. */
export interface ServerKeyPair {
  readonly certPem: string;
  readonly keyPem: string;
}

/** TLS 1.2 is Envoy's lowest default for upstream connections; TLS 1.3 is taken where both sides have it. */
function contextOptions(pair: ServerKeyPair): SecureContextOptions {
  return { cert: pair.certPem, key: pair.keyPem, minVersion: 'TLSv1.2' };
}

/** TLS server credentials whose key can be replaced while the server runs: new handshakes use it, streams go on. */
export class RenewableServerCredentials extends ServerCredentials {
  /** @throws where the key does not belong to the certificate, or either is not PEM. */
  constructor(pair: ServerKeyPair) {
    const options = contextOptions(pair);
    createSecureContext(options);
    super({}, options);
  }

  /** @throws as the constructor does; the old pair then stays in use. */
  replace(pair: ServerKeyPair): void {
    const options = contextOptions(pair);
    createSecureContext(options);
    this.updateSecureContextOptions(options);
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
