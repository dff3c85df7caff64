import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ApiError, connectContext, kubeconfigContexts, parseRemoteKubeconfig } from './index.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function kubeconfig(cluster: string, user: string, context = 'remote'): string {
  return `apiVersion: v1
kind: Config
current-context: ${context}
clusters: [{name: c, cluster: {${cluster}}}]
users: [{name: u, user: {${user}}}]
contexts: [{name: remote, context: {cluster: c, user: u}}]
`;
}

const SERVER = `server: "https://[2001:db8::1]:6443", certificate-authority-data: ${base64('CA')}`;

test('a kubeconfig that carries its credentials is taken', async () => {
  const found = parseRemoteKubeconfig(kubeconfig(`${SERVER}, tls-server-name: api.example.com`, 'token: abc'));
  assert.equal(found.kind, 'access');
  if (found.kind !== 'access') return;
  assert.equal(found.access.url, 'https://[2001:db8::1]:6443');
  assert.deepEqual(found.access.tls, { ca: 'CA', servername: 'api.example.com' });
  assert.equal(await found.access.token?.(), 'abc');
  const pair = `client-certificate-data: ${base64('CERT')}, client-key-data: ${base64('KEY')}`;
  const byPair = parseRemoteKubeconfig(kubeconfig(SERVER, pair));
  assert.deepEqual(byPair.kind === 'access' && byPair.access.tls, { ca: 'CA', cert: 'CERT', key: 'KEY' });
});

const REFUSED: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a program': [kubeconfig(SERVER, 'exec: {command: /bin/sh, apiVersion: v1}'), /exec/],
  'a plugin': [kubeconfig(SERVER, 'auth-provider: {name: gcp}'), /auth-provider/],
  'a file for the authority': [
    kubeconfig('server: "https://x", certificate-authority: /etc/passwd', 'token: t'),
    /names a file/,
  ],
  'a file for the token': [kubeconfig(SERVER, 'tokenFile: /var/run/secrets/token'), /names a file/],
  'a file for the key': [kubeconfig(SERVER, 'client-key: /etc/key'), /names a file/],
  'a server that is not checked': [
    kubeconfig('server: "https://x", insecure-skip-tls-verify: true', 'token: t'),
    /certificate/,
  ],
  'a server without TLS': [kubeconfig('server: "http://x"', 'token: t'), /https/],
  'a password': [kubeconfig(SERVER, 'username: a, password: b'), /password/],
  'no credentials': [kubeconfig(SERVER, ''), /neither/],
  'half a key pair': [kubeconfig(SERVER, `client-certificate-data: ${base64('CERT')}`), /neither/],
  'another context': [kubeconfig(SERVER, 'token: t', 'other'), /current-context/],
  'no YAML': ['{', /YAML/],
  'an expansion of aliases': ['a: &a [1]\nb: *a\n', /YAML|context/],
  'too much text': ['#'.repeat(300_000), /limit/],
};

for (const [what, [text, reason]] of Object.entries(REFUSED)) {
  test(`a kubeconfig with ${what} is refused, and the reason says why`, () => {
    const found = parseRemoteKubeconfig(text);
    assert.equal(found.kind, 'refused');
    assert.match(found.kind === 'refused' ? found.reason : '', reason);
  });
}

test("a person's kubeconfig: its contexts, and a context that it has not", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pelagos-kubeconfig-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'config');
  writeFileSync(file, kubeconfig(SERVER, 'token: abc'));
  assert.deepEqual(await kubeconfigContexts(file), { names: ['remote'], current: 'remote' });
  const api = await connectContext({ file });
  assert.equal(api.url, 'https://[2001:db8::1]:6443');
  api.close();
  await assert.rejects(connectContext({ file, context: 'nowhere' }), (error) => {
    assert.ok(error instanceof ApiError && error.reason === 'NoSuchContext');
    assert.match(error.message, /it has remote/);
    return true;
  });
  await assert.rejects(
    connectContext({ file: join(folder, 'missing') }),
    (error) => error instanceof ApiError && error.reason === 'InvalidKubeconfig',
  );
});
