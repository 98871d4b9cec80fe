/**
 * Who a certificate of the control CA speaks for: its common name, and nothing else in it. One place makes these names and one reads them, so
 * that broker, API and `init` agree.
 */
import type { HostId } from '@reberth/protocol/ids.ts';
import { subjectToken } from '@reberth/protocol/subjects.ts';

export const COORDINATOR_NAME = 'coordinator';
export const BROKER_NAME = 'broker';

/** `agent.192-0-2-41`: by the token that the host has on the wire. */
export const agentName = (host: HostId): string => `agent.${subjectToken(host)}`;
export const operatorName = (who: string): string => `operator.${who}`;

/** The operator's own name from a common name; undefined when it is not an operator's. */
export function operatorOf(commonName: string | undefined): string | undefined {
  const who = commonName?.startsWith('operator.') === true ? commonName.slice('operator.'.length) : '';
  return who === '' ? undefined : who;
}
