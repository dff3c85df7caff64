/** A certificate authority as people bring one (Istio: Plug in CA certificates), made by openssl. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from './command.ts';
import type { Lab } from './lab.ts';

const KEY = ['-newkey', 'rsa:2048', '-nodes'];
const CA_EXTENSIONS = 'basicConstraints=critical,CA:true,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n';

/** Puts the Secret `cacerts` into a cluster: an intermediate authority of this name under a root of its own. */
export async function plugAuthority(lab: Lab, cluster: string, name: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pelagos-authority-'));
  const openssl = (...args: readonly string[]): Promise<string> => mustRun('openssl', args, { cwd: folder });
  try {
    const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    const root = ['-keyout', 'root-key.pem', '-out', 'root-cert.pem', '-subj', `/O=Example/CN=${name} Root`];
    await openssl('req', '-x509', ...KEY, '-days', '3650', ...usage, ...root);
    await openssl('req', ...KEY, '-keyout', 'ca-key.pem', '-out', 'ca.csr', '-subj', `/O=Example/CN=${name}`);
    await writeFile(join(folder, 'extensions'), CA_EXTENSIONS);
    const signing = ['-CA', 'root-cert.pem', '-CAkey', 'root-key.pem', '-CAcreateserial', '-days', '730'];
    await openssl('x509', '-req', '-in', 'ca.csr', ...signing, '-extfile', 'extensions', '-out', 'ca-cert.pem');
    await mustRun('sh', ['-c', 'cat ca-cert.pem root-cert.pem > cert-chain.pem'], { cwd: folder });
    const files = ['ca-cert.pem', 'ca-key.pem', 'root-cert.pem', 'cert-chain.pem'].map(
      (file) => `--from-file=${join(folder, file)}`,
    );
    await lab.kubectl(cluster, 'create', 'secret', 'generic', 'cacerts', '-n', 'istio-system', ...files);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
