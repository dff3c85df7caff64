import type { IssuedCertificate } from './certificate.ts';
import type { Authority, IssueOptions } from './certificate-authority.ts';
import { Listeners } from './listeners.ts';
import type { SubjectAltName } from './subject-alt-name.ts';
import type { TrustRoot } from './trust-root.ts';

/** An authority in whose place another can be put while certificates are asked for: rotation without a restart. */
export class RotatingAuthority implements Authority {
  #current: Authority;
  readonly #listeners = new Listeners<void>();

  constructor(first: Authority) {
    this.#current = first;
  }

  get root(): TrustRoot {
    return this.#current.root;
  }

  /** From now on the other one signs. That its root is believed everywhere is for the caller to see to first. */
  replace(next: Authority): void {
    this.#current = next;
    this.#listeners.tell();
  }

  issue(identity: string, options: IssueOptions): IssuedCertificate {
    return this.#current.issue(identity, options);
  }

  issueServer(names: readonly SubjectAltName[], options: IssueOptions): IssuedCertificate {
    return this.#current.issueServer(names, options);
  }

  onReplaced(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }
}
