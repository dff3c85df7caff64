import { create } from '@bufbuild/protobuf';
import { type Duration, DurationSchema } from '@bufbuild/protobuf/wkt';

const NANOS_PER_MS = 1_000_000;
const NANOS_PER_SECOND = 1_000_000_000;

/** @param ms may have a fraction, which is rounded to whole nanoseconds. */
export function durationFromMs(ms: number): Duration {
  const seconds = Math.trunc(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * NANOS_PER_MS);
  // Rounding up may fill a second; adding 0 takes the sign off -0, which has no encoding.
  const carry = Math.trunc(nanos / NANOS_PER_SECOND);
  return create(DurationSchema, { seconds: BigInt(seconds + carry), nanos: nanos - carry * NANOS_PER_SECOND + 0 });
}

/** Milliseconds, with a fraction where the duration has one. */
export function msFromDuration(duration: Duration): number {
  return Number(duration.seconds) * 1000 + duration.nanos / NANOS_PER_MS;
}
