/** Asks and reports such as a move has them: a kubeconfig pointed back and forth between two addresses. */
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { sha256 } from '@reberth/protocol/canonical.ts';
import { digestOf, type HostId, hostId, rolloutId, stepId } from '@reberth/protocol/ids.ts';

export const KUBECONFIG = '/etc/kubernetes/kubelet.kubeconfig';
const URLS = ['https://192.0.2.39:8443', 'https://192.0.2.40:8443'] as const;

export const kubeconfigText = (server: string = URLS[0]): string => `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority: /etc/kubernetes/ssl/ca.pem
    server: ${server}
  name: kubernetes
contexts:
- context: {cluster: kubernetes, user: kubelet}
  name: default
current-context: default
users:
- name: kubelet
  user: {client-certificate: /etc/kubernetes/ssl/kubelet.pem, client-key: /etc/kubernetes/ssl/kubelet-key.pem}
`;

/** The n-th ask to this host, counted from 1; each is a step of its own and turns the file the other way. */
export function nthAsk(host: HostId, n: number, counter: number): Ask {
  const [from, to] = n % 2 === 1 ? URLS : [URLS[1], URLS[0]];
  const hash = (server: string) => sha256(Buffer.from(kubeconfigText(server)));
  return {
    ...{ rollout: rolloutId('r-1'), step: stepId(`switch/${host}/kubelet-${n}`), operation: 'do', attempt: 1, planDigest: digestOf('0'.repeat(64)) },
    ...{ host, epoch: 1, counter, expiresAtMs: Date.now() + 60_000, kind: 'kubeconfig-server', version: 1, confirmWithinMs: 0 },
    params: { files: [KUBECONFIG], from, to },
    expect: [{ path: KUBECONFIG, before: hash(from), after: hash(to) }],
    inputs: {},
  };
}

export const aReport = (attempt: number, host: HostId = hostId('192.0.2.43'), step = `switch/${host}/kubelet`): Report => ({
  ...{ rollout: rolloutId('r-1'), step: stepId(step), operation: 'do', attempt, host, outcome: 'done', left: 'after', why: '' },
  ...{ startedAtMs: 1_795_452_770_112, endedAtMs: 1_795_452_770_312, outputs: {} },
});
