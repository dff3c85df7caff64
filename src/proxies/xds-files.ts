/** The files that a proxy reads to reach its control plane: its token, and whom to believe. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where Envoy finds its token and its trust in the control plane. */
export interface XdsFiles {
  /** An SDS resource {@link TOKEN_SECRET} that names the token's file. */
  readonly tokenSecretFile: string;
  /** An SDS resource {@link TRUST_SECRET} that names the file of root certificates. */
  readonly trustSecretFile: string;
}

export const TOKEN_SECRET = 'xds-token';
export const TRUST_SECRET = 'xds-trust';

const SECRET_TYPE = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';

/** The files that someone else keeps up to date (by {@link replaceFile}, or a Kubernetes volume). */
export interface XdsFileSources {
  /** The service account's token, mode 0600. */
  readonly tokenFile: string;
  /** PEM of the root certificates that the control plane's certificate may come from. */
  readonly rootsFile: string;
}

/** Writes the two SDS resources, which hold no secret but only say where it is, into `folder` (made with mode 0700). */
export async function writeXdsFiles(folder: string, sources: XdsFileSources): Promise<XdsFiles> {
  const files: XdsFiles = {
    tokenSecretFile: join(folder, 'token-secret.json'),
    trustSecretFile: join(folder, 'trust-secret.json'),
  };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await replaceFile(files.tokenSecretFile, formatTokenSecret(sources.tokenFile));
  await replaceFile(files.trustSecretFile, formatTrustSecret(sources.rootsFile));
  return files;
}

/** The SDS resource that names the token's file. */
export function formatTokenSecret(tokenFile: string): string {
  return formatSecret({ name: TOKEN_SECRET, generic_secret: { secret: { filename: tokenFile } } });
}

/** The SDS resource that names the file of roots. */
export function formatTrustSecret(rootsFile: string): string {
  return formatSecret({ name: TRUST_SECRET, validation_context: { trusted_ca: { filename: rootsFile } } });
}

function formatSecret(secret: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ resources: [{ '@type': SECRET_TYPE, ...secret }] });
}

/** Moves the new content into place (mode 0600), so that nobody reads half a file. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, path);
}
