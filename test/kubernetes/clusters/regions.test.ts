/**
 * Two regions with a control plane each, which read each other by remote secrets: names, shares, trust, the commands of istioctl, what
 * goes wrong with secrets and tokens, several replicas, and the end of one of them; and pods of one region: who gets a proxy and what
 * it does to them, and where their calls go. Under a steady load between the two, while one of them gets another certificate
 * authority, which takes two minutes, no request may be lost.
 */
import { after, before, describe } from 'node:test';
import { plugAuthority } from '../harness/authority.ts';
import { callFrom } from '../harness/calls.ts';
import { type Lab, startLab, withoutLab } from '../harness/lab.ts';
import { type SteadyLoad, startLoad } from '../harness/steady-load.ts';
import { EAST, REGIONS, startRegions, WEST } from '../harness/two-regions.ts';
import { controlPlaneTests } from './pods/control-planes.ts';
import { ingressTests } from './pods/ingress.ts';
import { injectionTests } from './pods/injection.ts';
import { interceptionTests } from './pods/interception.ts';
import { PodLab } from './pods/pod-lab.ts';
import { authorityTests } from './regions/authorities.ts';
import { checkTests } from './regions/checks.ts';
import { departureTests } from './regions/departure.ts';
import { nameTests } from './regions/names.ts';
import { objectCommandTests } from './regions/object-commands.ts';
import { logLevelTests, proxyCommandTests } from './regions/proxy-commands.ts';
import { brokenSecretTests, rotatedTokenTests } from './regions/remote-secrets.ts';
import { replicaTests } from './regions/replicas.ts';
import { tokenTests } from './regions/tokens.ts';

/** What the tests of this file share. */
export interface TwoRegions {
  readonly lab: Lab;
  readonly loads: readonly SteadyLoad[];
}

const ONE_REQUEST_A_CONNECTION = (host: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: one-request-a-connection, namespace: default}
spec: {host: ${host}, trafficPolicy: {connectionPool: {http: {maxRequestsPerConnection: 1}}}}
`;

describe('two regions', { skip: withoutLab() }, () => {
  let lab: Lab | undefined;
  let shared: TwoRegions | undefined;
  const get = (): TwoRegions => {
    if (!shared) throw new Error('the regions did not start');
    return shared;
  };

  before(async () => {
    const running = await startLab(REGIONS);
    lab = running;
    await lab.kubectl(EAST, 'create', 'namespace', 'istio-system');
    await plugAuthority(lab, EAST, 'East CA');
    await startRegions(lab);
    // Each request shakes hands anew, so each meets the certificates of that moment.
    await lab.apply(EAST, ONE_REQUEST_A_CONNECTION('service.us-west'));
    await lab.apply(WEST, ONE_REQUEST_A_CONNECTION('service.us-east'));
    await lab.eventually("CoreDNS has the regions' zones", async () => {
      await Promise.all([
        callFrom(running, EAST, 'http://service.us-west/'),
        callFrom(running, EAST, 'http://service.global/'),
        callFrom(running, WEST, 'http://service.us-east/'),
      ]);
    });
    const loads = [startLoad(lab, EAST, 'http://service.us-west/'), startLoad(lab, WEST, 'http://service.us-east/')];
    shared = { lab, loads };
    await plugAuthority(lab, WEST, 'West CA');
  });
  after(() => lab?.down());

  nameTests(get);
  proxyCommandTests(get);
  logLevelTests(get);
  objectCommandTests(get);
  checkTests(get);
  brokenSecretTests(get);
  rotatedTokenTests(get);
  tokenTests(get);
  replicaTests(get);
  describe('pods', () => {
    let pods: PodLab;
    before(async () => {
      pods = await PodLab.start(get().lab);
    });
    after(() => pods?.stop());
    injectionTests(() => pods);
    interceptionTests(() => pods);
    ingressTests(() => pods);
    authorityTests(get);
    controlPlaneTests(() => pods);
  });
  departureTests(get);
});
