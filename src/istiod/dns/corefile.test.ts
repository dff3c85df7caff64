/** The control plane's part of a Corefile: put in, changed and taken out without touching a line of others. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { askedAddress, foreignZones, withoutZones, withZones, type ZoneSource } from './corefile.ts';
import { inlineZones } from './inline-zones.ts';

/** As kubeadm writes it. */
const KUBEADM = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
`;
const FORWARD: ZoneSource = { kind: 'forward', to: { address: '10.96.0.53', port: 53 } };

test('one block with all zones, after what was there', () => {
  const corefile = withZones(KUBEADM, { zones: ['cluster1', 'cluster2'], source: FORWARD });
  assert.equal(
    corefile,
    `${KUBEADM}# pelagos: begin (kept by istiod; changes between these lines are lost)
cluster1:53 cluster2:53 {
    errors
    cache 30 {
        serve_stale 1h verify
        servfail 0
    }
    loadbalance
    forward . 10.96.0.53:53 {
        force_tcp
    }
}
# pelagos: end
`,
  );
});

test('the port is that of the root zone, and an IPv6 address stands in brackets', () => {
  const corefile = withZones(KUBEADM.replace('.:53', '.:5353'), {
    zones: ['a'],
    source: { kind: 'forward', to: { address: 'fd00::53', port: 53 } },
  });
  assert.match(corefile, /\na:5353 \{/);
  assert.match(corefile, /forward \. \[fd00::53\]:53 \{\n/);
});

test('whom our part asks can be read', () => {
  const asked = (address: string): string | undefined =>
    askedAddress(withZones(KUBEADM, { zones: ['a'], source: { kind: 'forward', to: { address, port: 53 } } }));
  assert.deepEqual([asked('10.96.0.53'), asked('fd00::53')], ['10.96.0.53', 'fd00::53']);
  assert.equal(askedAddress(KUBEADM), undefined, 'what others forward is not ours');
  const inline: ZoneSource = { kind: 'inline', directives: [] };
  assert.equal(askedAddress(withZones(KUBEADM, { zones: ['a'], source: inline })), undefined);
});

describe('zones of others', () => {
  const others = `(snippet) {
    errors
}
import /etc/coredns/custom/*.server
Corp.example.:53, other.example { # { a comment
    forward . 10.0.0.1 # }
    template ANY ANY { match "{ }" }
}
dns://third.example:53
{
    whoami
}
`;

  test('are read from all server blocks, however they are spelled', () => {
    assert.deepEqual(foreignZones(others + KUBEADM), ['corp.example', 'other.example', 'third.example', '.']);
  });

  test('stay theirs', () => {
    const corefile = withZones(KUBEADM + others, { zones: ['a', 'corp.example'], source: FORWARD });
    assert.match(corefile, /\na:53 \{/);
    assert.equal(withZones(KUBEADM + others, { zones: ['corp.example'], source: FORWARD }), KUBEADM + others);
  });
});

test('one server without braces cannot take another', () => {
  const corefile = '.:53\nerrors\ncache {\n    success 5000\n}\nforward . 10.0.0.1\n';
  assert.equal(withZones(corefile, { zones: ['a'], source: FORWARD }), corefile);
});

test('a part that has lost its end is left alone', () => {
  const broken = `${KUBEADM}# pelagos: begin\na {\n}\n`;
  assert.equal(withoutZones(broken), broken);
});

const zones = fc.uniqueArray(fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z]{2,5})?$/), { maxLength: 5 });
const source = fc.constantFrom<ZoneSource>(FORWARD, {
  kind: 'inline',
  directives: inlineZones([{ hostname: 'a.cluster2', addresses: ['240.0.0.1'] }]),
});
const corefiles = fc
  .array(fc.constantFrom(KUBEADM, '\n', '# a comment\n', 'x.example {\n    whoami\n}\n', '\t\n'), { maxLength: 4 })
  .map((parts) => parts.join(''));

test('putting in twice is putting in once, the last zones count, and taking out gives back what was there', () => {
  fc.assert(
    fc.property(corefiles, zones, zones, source, (corefile, first, second, from) => {
      const once = withZones(corefile, { zones: first, source: from });
      assert.equal(withZones(once, { zones: first, source: from }), once);
      assert.equal(
        withZones(once, { zones: second, source: from }),
        withZones(corefile, { zones: second, source: from }),
      );
      assert.equal(withoutZones(once), corefile);
      assert.deepEqual(foreignZones(once), foreignZones(corefile));
    }),
  );
});
