/** A request that cannot be answered as asked. */
export class ControlError extends Error {
  /** Of HTTP. */
  readonly status: number;
  readonly code: string;
  readonly remedy: string;

  constructor(status: number, code: string, text: { readonly message: string; readonly remedy: string }) {
    super(text.message);
    this.name = 'ControlError';
    this.status = status;
    this.code = code;
    this.remedy = text.remedy;
  }
}
