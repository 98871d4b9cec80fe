/** The operator's commands on a rollout. Each answers with the state that it led to, and the one command out of it. */
import * as v from 'valibot';
import { unary } from '../method.ts';
import type { OperatorCommand, Status } from '../service.ts';

const Rollout = v.object({ rollout: v.string() });

export const statusReply = ({ rollout, state, text, next, detail }: Status) => ({
  rollout,
  state,
  text,
  next,
  json: Buffer.from(JSON.stringify(detail ?? {})),
});

const command = (name: string, what: OperatorCommand) =>
  unary({ name, request: Rollout, handle: async (service, { rollout }, { by }) => statusReply(await service.command(what, rollout, by)) });

export const pause = command('Pause', 'pause');
export const resume = command('Resume', 'resume');
export const abort = command('Abort', 'abort');
export const undo = command('Undo', 'undo');
export const approve = command('Approve', 'approve');
export const status = unary({ name: 'Status', request: Rollout, handle: async (service, { rollout }) => statusReply(await service.status(rollout)) });
