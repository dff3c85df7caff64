import type { Percent } from './type.ts';

/** Faults put in on purpose, to try how clients take them. */
export interface HttpFault {
  readonly delay?: {
    /** Duration. */
    readonly fixedDelay?: string;
    readonly exponentialDelay?: string;
    /** Not given: all requests. */
    readonly percentage?: Percent;
    /** Deprecated for percentage. */
    readonly percent?: number;
  };
  readonly abort?: {
    readonly httpStatus?: number;
    /** Name of a gRPC status: `UNAVAILABLE`. */
    readonly grpcStatus?: string;
    readonly http2Error?: string;
    /** Not given: all requests. */
    readonly percentage?: Percent;
  };
}
