import { X509Certificate } from 'node:crypto';
import { failure, ok, type Verdict, warning } from './check.ts';

const DAY_MS = 86_400_000;
/** Roots are renewed long before; with less than this left, something does not renew them. */
const SOON_MS = 30 * DAY_MS;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Judges a PEM text by the certificate that lives the longest: a bundle holds old roots and new ones. */
export function judgeCertificates(pem: string, nowMs: number): Verdict {
  const ends = (pem.match(CERTIFICATE) ?? []).flatMap((text) => {
    try {
      const { validFrom, validTo } = new X509Certificate(text);
      return [{ fromMs: Date.parse(validFrom), toMs: Date.parse(validTo) }];
    } catch {
      return [];
    }
  });
  if (ends.length === 0) return failure('there is no certificate in it');
  const valid = ends.filter(({ fromMs }) => fromMs <= nowMs);
  if (valid.length === 0) return failure('its certificates are not valid yet: look at the clocks');
  const lastMs = Math.max(...valid.map(({ toMs }) => toMs));
  const days = Math.floor((lastMs - nowMs) / DAY_MS);
  const date = new Date(lastMs).toISOString().slice(0, 10);
  if (lastMs <= nowMs) return failure(`it ended on ${date}`);
  return lastMs - nowMs < SOON_MS ? warning(`it ends on ${date}, in ${days} days`) : ok(`until ${date}`);
}
