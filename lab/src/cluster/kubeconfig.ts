/** Kubeconfigs in the form that `kubectl config` writes, with everything embedded. */
import type { Pair } from './certificate.ts';

export interface KubeconfigParts {
  readonly server: string;
  readonly authority: string;
  readonly context: string;
  readonly user: string;
  readonly credential: Pair | { readonly token: string };
}

export function kubeconfig({ server, authority, context, user, credential }: KubeconfigParts): string {
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${base64(authority)}
    server: ${server}
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: ${user}
  name: ${context}
current-context: ${context}
kind: Config
preferences: {}
users:
- name: ${user}
  user:
${'token' in credential ? `    token: ${credential.token}` : `    client-certificate-data: ${base64(credential.certificate)}\n    client-key-data: ${base64(credential.key)}`}
`;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
