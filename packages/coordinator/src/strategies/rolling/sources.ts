/**
 * The files from which the cluster was made: left on the old address, the next playbook run would quietly move the cluster back. Changed
 * after the clients, so that they never claim what is not yet so.
 */
import { stageId, stepId } from '@reberth/protocol/ids.ts';
import { endpointUrl } from '@reberth/protocol/plan.ts';
import type { StageDraft, StepDraft } from '../../planner/draft.ts';
import type { RollingContext } from './strategy.ts';

const STAGE = stageId('sources');

export function sources(context: RollingContext): StageDraft {
  return {
    id: STAGE,
    title: 'bring inventory and certificate requests up to date',
    why: 'the next playbook run reads them, and would move the cluster back',
    enter: [],
    waves: [{ title: 'inventory and requests', steps: [...inventorySteps(context), ...requestSteps(context)], exit: [], back: [] }],
    exit: [],
    onFailure: 'undo-stage',
    commit: false,
    promises: ['from', 'to'],
  };
}

function inventorySteps({ model, to, instance }: RollingContext): readonly StepDraft[] {
  const { inventory } = model;
  if (inventory === undefined) return [];
  const wanted = { address: to.address, url: endpointUrl(to), 'router-id': String(instance.virtualRouterId) } as const;
  const sections = [...new Set(inventory.variables.map(({ section }) => section))];
  return sections.map((section) => ({
    id: stepId(`${STAGE}/${inventory.host}/${section.replace(':', '-')}`),
    host: inventory.host,
    kind: 'inventory-variables',
    version: 1,
    params: {
      file: inventory.file,
      section,
      set: inventory.variables
        .filter((variable) => variable.section === section)
        .map(({ name, value, holds }) => ({ name, from: value, to: wanted[holds] })),
    },
    inputs: [],
  }));
}

const requestSteps = ({ model, to }: RollingContext): readonly StepDraft[] =>
  model.signingRequests.map(({ host, file }) => ({
    id: stepId(`${STAGE}/${host}/request`),
    host,
    kind: 'signing-request-hosts',
    version: 1,
    params: { file, remove: [model.from.address], add: [to.address] },
    inputs: [],
  }));
