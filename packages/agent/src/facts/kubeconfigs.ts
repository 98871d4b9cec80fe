/** The kubeconfigs of this host's components and of root, each as its user would read it. Never a key or a token. */
import type { Facts } from '@reberth/protocol/facts.ts';
import { readKubeconfig } from '../formats/kubeconfig.ts';
import { type FactContext, type Found, found, type Problem, readText } from './fact.ts';
import { readAs } from './format.ts';
import type { ScanRoot } from './ports.ts';

const ROOTS: readonly ScanRoot[] = [
  { path: '/etc/kubernetes', depthMax: 0 },
  { path: '/root/.kube/config', depthMax: 0 },
];
const LIMITS = { fileBytesMax: 1024 * 1024, filesMax: 200, ignore: (path: string) => /\.reberth$|\.reberth-new$/.test(path) };

export async function kubeconfigsFact(context: FactContext): Promise<Found<Facts['kubeconfigs']>> {
  const { files } = await context.survey.files(ROOTS, LIMITS);
  const kubeconfigs: Facts['kubeconfigs'] = [];
  const problems: Problem[] = [];
  for (const path of files.filter((file) => !file.startsWith('/etc/kubernetes/') || /\.(kubeconfig|conf)$/.test(file))) {
    if (path.endsWith('.conf') && !(await looksLikeOne(context, path))) continue;
    const read = await readAs(context, path, readKubeconfig);
    problems.push(...read.problems);
    if (read.value !== undefined) kubeconfigs.push({ path, ...read.value });
  }
  return found(kubeconfigs, problems);
}

/** Other programs keep a `.conf` here too. One that cannot be read is let through, so that the reason is told. */
async function looksLikeOne({ host }: FactContext, path: string): Promise<boolean> {
  const { value } = await readText(host, path);
  return value === undefined || /^\s*"?clusters"?\s*:/m.test(value);
}
