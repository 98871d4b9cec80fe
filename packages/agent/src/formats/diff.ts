/**
 * The difference between two texts, for people: a unified diff in which secrets were replaced before the comparison, so that none can
 * slip through as context. Never applied to anything.
 */
import type { FileDiff } from '@reberth/protocol/plan.ts';
import { createTwoFilesPatch } from 'diff';

const HIDDEN = '(not shown)';

/** What is hidden, and where it stands. The group `keep` stays. */
const SECRETS: readonly RegExp[] = [
  // kubeconfig users, in YAML and in JSON; also what stands folded below the key.
  /(?<keep>["']?\b(?:[\w-]*-data|token|password|username|id-token|refresh-token|access-token|client-secret)["']?[ \t]*:[ \t]*)(?:[|>][-+\d]*[ \t]*(?:\r?\n[ \t]+[^\r\n]*)+|"[^"\n]*"|'[^'\n]*'|[^\s,}][^\r\n,}]*)/g,
  /(?<keep>-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----)[\s\S]*?(?=-----END|$)/g,
  // keepalived
  /(?<keep>\bauth_pass[ \t]+)[^\r\n}]+/g,
  // haproxy
  /(?<keep>\b(?:stats[ \t]+auth|(?:insecure-)?password)[ \t]+)[^\r\n]+/g,
  // inventories
  /(?<keep>\b[\w-]*(?:pass|passwd|password|token|secret)[\w-]*[ \t]*=[ \t]*)[^\r\n]+/gi,
  // Anything long in base64 that is not the body of a certificate: lines of those have 64 characters or fewer.
  /(?<keep>)[A-Za-z0-9+/_-]{72,}={0,2}/g,
];

export const withoutSecrets = (text: string): string =>
  SECRETS.reduce(
    (shown, secret) => shown.replaceAll(secret, (...match: unknown[]) => `${(match.at(-1) as { keep?: string }).keep ?? ''}${HIDDEN}`),
    text,
  );

/** `undefined` stands for a file that is not there. */
export function diffOf(path: string, before: string | undefined, after: string | undefined): FileDiff {
  const shown = [before, after].map((text) => withoutSecrets(text ?? ''));
  const names = [before, after].map((text) => (text === undefined ? '/dev/null' : path));
  const patch = createTwoFilesPatch(names[0] ?? path, names[1] ?? path, shown[0] ?? '', shown[1] ?? '', undefined, undefined, { context: 3 });
  const diff = patch.replace(/^=+\n/, '');
  return { path, diff: shown[0] === shown[1] && before !== after ? `${diff}only what is not shown here differs\n` : diff };
}
