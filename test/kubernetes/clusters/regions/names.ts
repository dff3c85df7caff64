import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callFrom, countBy } from '../../harness/calls.ts';
import type { Lab } from '../../harness/lab.ts';
import { EAST, WEST } from '../../harness/two-regions.ts';
import type { TwoRegions } from '../regions.test.ts';

const CALLER = 'spiffe://cluster.local/ns/default/sa/service';
const CALLS = 300;
/** In percent. */
const TOLERANCE = 6;

const shareOf = (east: number): string =>
  JSON.stringify({
    spec: {
      http: [
        {
          route: [
            { destination: { host: 'service.us-east', port: { number: 80 } }, weight: east },
            { destination: { host: 'service.us-west', port: { number: 80 } }, weight: 100 - east },
          ],
        },
      ],
    },
  });

async function assertShare(lab: Lab, percent: number): Promise<void> {
  const answers = await callFrom(lab, EAST, 'http://service.global/', { times: CALLS });
  const east = countBy(answers, ({ cluster }) => cluster).get(EAST) ?? 0;
  const seen = (100 * east) / CALLS;
  assert.ok(Math.abs(seen - percent) <= TOLERANCE, `${seen} % of the requests went to us-east, not ${percent}`);
}

/** Connects, says something, and gives all that comes until its echo. */
const TALK = `
const socket = require('node:net').connect(7000, process.argv[1]);
let text = '';
socket.setTimeout(5000, () => process.exit(2));
socket.on('error', (error) => { console.log(error.message); process.exit(1); });
socket.on('data', (part) => {
  text += part;
  if (text.includes('hello')) { process.stdout.write(text); process.exit(0); }
});
socket.once('data', () => socket.write('hello'));
`;

export function nameTests(get: () => TwoRegions): void {
  test('a name of both regions is shared as its rule says, and follows a change of it', async () => {
    const { lab } = get();
    await assertShare(lab, 70);
    const rule = ['patch', 'virtualservice', 'global-service', '--type=merge', '-p'];
    await lab.kubectl(EAST, ...rule, shareOf(10));
    await lab.eventually('10 % go to us-east', async () => await assertShare(lab, 10));
    await lab.kubectl(EAST, ...rule, shareOf(70));
  });

  for (const [here, there] of [
    [EAST, WEST],
    [WEST, EAST],
  ] as const) {
    test(`from ${here}, service.${there} are the pods of ${there}, which know the caller`, async () => {
      const answers = await callFrom(get().lab, here, `http://service.${there}/`, { times: 60 });
      assert.deepEqual([...countBy(answers, ({ cluster }) => cluster).keys()], [there]);
      assert.deepEqual([...countBy(answers, ({ caller }) => caller).keys()], [CALLER]);
      assert.equal(countBy(answers, ({ pod }) => pod).size, 3);
    });
  }

  test('a single pod of a StatefulSet in the other region', async () => {
    for (const pod of ['ledger-0', 'ledger-1']) {
      const url = `http://${pod}.ledger.default.us-west:8080/`;
      const answers = await callFrom(get().lab, EAST, url, { times: 5 });
      assert.deepEqual([...countBy(answers, (answer) => `${answer.cluster} ${answer.pod}`).keys()], [`us-west ${pod}`]);
    }
  });

  test('a service that exists only in us-west has its Kubernetes name in us-east, until it is gone', async () => {
    const { lab } = get();
    const url = 'http://only-west.default.svc.cluster.local/';
    await lab.eventually('the name resolves', async () => {
      assert.equal((await callFrom(lab, EAST, url))[0]?.cluster, WEST);
    });
    assert.equal((await callFrom(lab, EAST, 'http://only-west/'))[0]?.cluster, WEST);
    await lab.kubectl(WEST, 'delete', 'service', 'only-west');
    await lab.eventually('the name is gone', async () => {
      const args = ['--context', EAST, 'exec', 'deployment/service', '--', 'curl', '-sS', '-m', '5', url];
      assert.match((await lab.run('kubectl', args)).stderr, /Could not resolve host/);
    });
  });

  test('a server that speaks first, by the name with its region', async () => {
    const { lab } = get();
    for (const host of ['raw.us-west', 'raw.default.us-west']) {
      const text = await lab.kubectl(EAST, 'exec', 'deployment/service', '--', 'node', '-e', TALK, host);
      const [greeting = '', echo] = text.split('\n');
      assert.equal((JSON.parse(greeting) as { readonly cluster: string }).cluster, WEST);
      assert.equal(echo, 'hello');
    }
  });
}
