/** Two regions behind one name: shares, and changes under load that no request pays for. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, assertAllOk, assertShares, countBy } from './harness/answer.ts';
import { eventually } from './harness/eventually.ts';
import { useFleet } from './harness/test-fleet.ts';

const EAST = { cluster: 'us-east' } as const;
const GLOBAL = 'us-east/global-service.yaml';
const WEST_SERVICE = 'us-west/service.yaml';

/** The pods of the Deployment that is changed, `service`: another one (version v2) stands behind the same Service. */
function changedPodsOf(answers: readonly Answer[]): readonly string[] {
  const own = answers.filter(({ version }) => version === 'v1');
  return Object.keys(countBy(own, 'pod'));
}

describe('two regions', () => {
  const fleet = useFleet({ example: 'multi-region' });

  async function scale(replicas: number): Promise<void> {
    const text = fleet.read(WEST_SERVICE);
    fleet.write(WEST_SERVICE, text.replace(/replicas: \d+/, `replicas: ${replicas}`));
    await eventually(`${replicas} pods`, async () => {
      const pods = await fleet.pods('us-west', 'deployment/service');
      return pods.length === replicas && pods.every(({ ready }) => ready);
    });
  }

  test('service.global goes 70 to 30', async () => {
    const answers = await fleet.call(EAST, { url: 'http://service.global', count: 1000, concurrency: 4 });
    assertAllOk(answers);
    assert.equal(answers.length, 1000);
    assertShares(countBy(answers, 'cluster'), { 'us-east': 70, 'us-west': 30 }, 4);
  });

  test('saving other weights under load shows in the shares and loses no request', async () => {
    const load = fleet.load(EAST, { url: 'http://service.global', concurrency: 2, pauseMs: 2 });
    await load.next(100);
    const text = fleet.read(GLOBAL);
    fleet.write(GLOBAL, text.replace('weight: 70', 'weight: 10').replace('weight: 30', 'weight: 90'));
    await eventually('10 to 90', async () => {
      assertShares(countBy(await load.next(400), 'cluster'), { 'us-east': 10, 'us-west': 90 }, 6);
      return true;
    });
    assertAllOk(await load.stop());
  });

  test('scaling up and down under load loses no request', async () => {
    const load = fleet.load(EAST, { url: 'http://service.us-west', concurrency: 3, pauseMs: 2 });
    await load.next(50);
    await scale(4);
    await eventually('answers of all four pods', async () => changedPodsOf(await load.next(100)).length === 4);
    await scale(1);
    await eventually('answers of one pod', async () => changedPodsOf(await load.next(50)).length === 1);
    assertAllOk(await load.stop());
  });

  test('a new version of the pods under load loses no request', async () => {
    const load = fleet.load(EAST, { url: 'http://service.us-west', concurrency: 3, pauseMs: 2 });
    await load.next(50);
    const before = (await fleet.pods('us-west', 'deployment/service')).map(({ name }) => name);
    fleet.write(WEST_SERVICE, fleet.read(WEST_SERVICE).replace('service:v1', 'service:v2'));
    await eventually('answers of new pods only', async () => {
      const pods = changedPodsOf(await load.next(50));
      return pods.length > 0 && pods.every((name) => !before.includes(name));
    });
    await fleet.ready();
    assertAllOk(await load.stop());
  });
});
