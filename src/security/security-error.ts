/** What a {@link SecurityError} is about; stable, so that callers and documentation can name it. */
export type SecurityErrorCode =
  | 'spiffe-id-invalid'
  | 'subject-alt-name-invalid'
  | 'certificate-lifetime-invalid'
  | 'authority-rejected'
  | 'authority-expired'
  | 'root-rejected'
  | 'root-expired'
  | 'root-foreign-trust-domain'
  | 'bundle-full'
  | 'private-file-missing'
  | 'private-file-exists'
  | 'private-file-exposed'
  | 'private-file-invalid'
  | 'token-request-invalid';

/** The three sentences every error owes a person. None of them may hold key or token material. */
export interface SecurityErrorText {
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
}

/** An error of trust material that a person can act on: what is wrong, why it matters, what to do. */
export class SecurityError extends Error {
  readonly code: SecurityErrorCode;
  readonly text: SecurityErrorText;

  constructor(code: SecurityErrorCode, text: SecurityErrorText) {
    super(`${text.what} ${text.why} ${text.remedy} [${code}]`);
    this.name = 'SecurityError';
    this.code = code;
    this.text = text;
  }
}
