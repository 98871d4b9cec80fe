/**
 * Who may decide here. With a journal of its own a coordinator commands at once; with a replicated one it commands once it leads, and what it
 * sends is held back the moment its lease may have run out. The executor handed out is always there and refuses while this one stands by.
 */
import { messageOf } from '@reberth/protocol/errors.ts';
import { createExecutor, type Executor } from '../executor/executor.ts';
import type { ExecutorPorts } from '../executor/ports.ts';
import { openLeadership, type Standing } from './leadership.ts';
import type { LeasePort } from './lease.ts';
import { LEASE_LIMITS, type LeaseLimits } from './limits.ts';
import { executorWhenLeading } from './standby.ts';

export interface CommandParts {
  readonly ports: ExecutorPorts;
  /** Of the replicated journal; without one nobody else can lead. */
  readonly lease: LeasePort | undefined;
  /** For people: this host. */
  readonly owner: string;
  readonly limits?: LeaseLimits;
  /** The process must end: another one leads, or may. */
  onLost(why: string): void;
}

export interface InCommand {
  readonly executor: Executor;
  standing(): Standing;
  /** Decisions are made here. */
  leads(): boolean;
  stop(): Promise<void>;
}

export async function takeCommand(parts: CommandParts): Promise<InCommand> {
  if (parts.lease !== undefined) return standBy(parts, parts.lease);
  const executor = await createExecutor(parts.ports);
  return { executor, standing: () => ({ is: 'leader' }), leads: () => true, stop: async () => executor.stop() };
}

function standBy({ ports, owner, limits = LEASE_LIMITS, onLost }: CommandParts, port: LeasePort): InCommand {
  const { log } = ports;
  let executor: Executor | undefined;
  let stopping = false;
  const leadership = openLeadership({
    port,
    owner,
    limits,
    log,
    onLost(why) {
      executor?.stop();
      onLost(why);
    },
  });
  const guarded: ExecutorPorts = {
    ...ports,
    send: (ask) => (leadership.holds() ? ports.send(ask) : Promise.reject(new Error('cannot command: the lease may have run out'))),
  };
  const started = leadership.gained
    .then(async () => {
      executor = await createExecutor(guarded);
      log.info({ epoch: executor.epoch }, 'in command');
      if (stopping) executor.stop();
    })
    .catch((error: unknown) => {
      if (!stopping) onLost(`cannot go on from the journal: ${messageOf(error)}`);
    });
  return {
    executor: executorWhenLeading(leadership.standing, () => executor),
    standing: leadership.standing,
    leads: () => executor !== undefined,
    async stop() {
      stopping = true;
      executor?.stop();
      // Given up only after the last decision, so that the next one finds it.
      await leadership.close();
      await started;
    },
  };
}
