/** Puts a build of Reberth on the hosts, the way its installation page says. (Later.) */
import type { Host } from './host.ts';
import type { HostPlan } from './hosts.ts';
import type { Progress } from './progress.ts';

export async function installReberth(_host: (plan: HostPlan) => Host, progress: Progress): Promise<boolean> {
  progress.note('dist/reberth is absent: Reberth is not installed');
  return false;
}
