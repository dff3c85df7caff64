export interface ApiErrorFacts {
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** What an API server answered instead of doing what it was asked, or why it could not be asked. */
export class ApiError extends Error {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** Kubernetes' word for it (`NotFound`, `Conflict`, `Expired`, ...), or Node's code where there was no answer. */
  readonly reason: string;
  /** How long the server asks to be left alone, in milliseconds (Retry-After of 429 and 503); undefined where it does not. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, of: ApiErrorFacts) {
    super(message, of.cause === undefined ? undefined : { cause: of.cause });
    this.name = 'ApiError';
    this.status = of.status;
    this.reason = of.reason;
    this.retryAfterMs = of.retryAfterMs;
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** Node takes a certificate, a key or a token not at all: nobody was asked. */
export function unusable(server: string, error: unknown): ApiError {
  const message = `the credentials for ${server} cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  return new ApiError(message, { status: 0, reason: 'InvalidCredentials', cause: error });
}

/** What ended a stream (`the watch`), as an error of the API; one that is such an error already stays as it is. */
export function brokenOff(stream: string, error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = `${stream} broke off: ${error instanceof Error ? error.message : String(error)}`;
  return new ApiError(message, { status: 0, reason: 'BrokenOff', cause: error });
}
