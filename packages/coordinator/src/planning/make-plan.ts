/**
 * From a wish to a frozen plan: asks every host for facts, recognises the layout, looks for reasons against, lets the strategy draft, and
 * asks every host to dry-run its part. Writes nothing anywhere. All reasons against come back at once, as an answer.
 */

import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import { type Facts, FactsSchema } from '@reberth/protocol/facts.ts';
import { type HostId, hostId } from '@reberth/protocol/ids.ts';
import { isEmptyPlan, type Plan } from '@reberth/protocol/plan.ts';
import { type DryRunAnswer, DryRunAnswerSchema, type Query, type QueryAnswer } from '@reberth/protocol/query.ts';
import * as v from 'valibot';
import { recogniseLayout } from '../layouts/index.ts';
import type { ClusterModel } from '../layouts/model.ts';
import { completePlan } from '../planner/complete.ts';
import { type PlanDraft, stepsOfHost } from '../planner/draft.ts';
import { lintPlan } from '../planner/lint.ts';
import { preflightReasons } from '../planner/preflight.ts';
import { strategies } from '../strategies/index.ts';
import type { Wish } from '../strategies/strategy.ts';
import { type Look, lookAround } from './look-around.ts';
import { parseWish, type WishText } from './wish.ts';

export interface PlanningPorts extends Look {
  readonly cluster: string;
  readonly hosts: readonly HostId[];
  nowMs(): number;
}

export type PlanMade = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly reasons: readonly string[] };

/** Facts include a scan of folders and `--version` of several programs. */
const FACTS_TIMEOUT_MS = 20_000;
const DRY_RUN_TIMEOUT_MS = 30_000;

export async function makePlan(ports: PlanningPorts, text: WishText, note: (text: string) => void, signal: AbortSignal): Promise<PlanMade> {
  const wish = parseWish(text);
  if (!wish.ok) throw new ReberthError('usage', 'cannot plan this', { reasons: wish.reasons, hint: 'reberth plan --help' });
  const strategy = strategies.find(({ name }) => name === text.strategy);
  if (strategy === undefined)
    throw new ReberthError(
      'usage',
      `cannot plan this: there is no strategy ${JSON.stringify(text.strategy)}; known: ${strategies.map(({ name }) => name).join(', ')}`,
      {
        hint: 'reberth plan --help',
      },
    );

  note(`asking ${ports.hosts.length} hosts for facts`);
  const first = await collectFacts(ports, [wish.to.address], text.inventory, signal);
  if (first.silent.length > 0) return refuse(first.silent.map(({ host, why }) => `${host}: agent does not answer: ${why}`));
  const broken = first.facts.flatMap(({ host, problems }) => problems.map(({ file, line, message }) => `${host}: ${file}:${line}: ${message}`));
  if (broken.length > 0) return refuse(broken);

  const recognised = recogniseLayout(first.facts);
  if (!recognised.ok) return refuse(recognised.reasons);
  note(`layout: ${recognised.layout.title}`);
  const modelled = recognised.layout.model(first.facts, ports.cluster, wish.to.address);
  if (!modelled.ok) return refuse(modelled.reasons);
  const { model } = modelled;
  const unfit = wishReasons(model, wish.to);
  if (unfit.length > 0) return refuse(unfit);

  note(`looking for every place that holds ${model.from.address}, and for reasons not to start`);
  const facts = await collectFacts(ports, [...new Set([model.from.address, wish.to.address])], text.inventory, signal);
  const moving = model.from.address !== wish.to.address;
  const findings = await lookAround(ports, model, wish.to.address, facts, signal);
  const against = moving ? preflightReasons(model, wish.to.address, findings) : [];
  const routerIdsInUse = [...new Set([...findings.heardRouters.map(({ virtualRouterId }) => virtualRouterId), ...first.facts.flatMap(routerIds)])];
  const drafted = strategy.draft(model, {
    ...wish.settings,
    to: wish.to.address,
    createdAt: new Date(ports.nowMs()).toISOString(),
    routerIdsInUse,
  } satisfies Wish);
  if (!drafted.ok || against.length > 0) return refuse([...against, ...(drafted.ok ? [] : drafted.reasons)]);

  note('asking every host what it would change');
  const answers = await dryRuns(ports, drafted.draft, signal);
  if (!answers.ok) return answers;
  const completed = completePlan(drafted.draft, answers.value, { confirmWithinMs: wish.settings.confirmWithinMs });
  if (!completed.ok) return completed;
  const faults = lintPlan(completed.plan, { batch: wish.settings.batch });
  if (faults.length > 0) return refuse(faults.map((fault) => `internal error: ${fault}`));
  note(isEmptyPlan(completed.plan) ? 'nothing to do' : 'plan is ready');
  return completed;
}

const refuse = (reasons: readonly string[]): PlanMade & { readonly ok: false } => ({ ok: false, reasons });

const routerIds = ({ keepalived }: Facts): readonly number[] => keepalived?.instances.map(({ virtualRouterId }) => virtualRouterId) ?? [];

function wishReasons(model: ClusterModel, to: { readonly address: string; readonly port: number | undefined }): readonly string[] {
  const taken = model.hosts.find(({ address }) => address === to.address);
  return [
    ...(to.port === undefined || to.port === model.from.port
      ? []
      : [`the port stays ${model.from.port}; changing it to ${to.port} needs another haproxy bind and is not offered`]),
    ...(taken === undefined ? [] : [`${to.address} is the address of host ${taken.id}; a virtual address belongs to none`]),
  ];
}

export interface Collected {
  readonly facts: readonly Facts[];
  readonly receivedAtMs: ReadonlyMap<string, number>;
  readonly silent: readonly { readonly host: HostId; readonly why: string }[];
}

export async function collectFacts(
  ports: Pick<PlanningPorts, 'hosts' | 'query' | 'nowMs'>,
  addresses: readonly string[],
  /** Empty: the usual one. */
  inventory: string,
  signal: AbortSignal,
): Promise<Collected> {
  const facts: Facts[] = [];
  const silent: { host: HostId; why: string }[] = [];
  const receivedAtMs = new Map<string, number>();
  await Promise.all(
    ports.hosts.map(async (host) => {
      const sentAtMs = ports.nowMs();
      const answer = await ask(
        ports,
        host,
        { kind: 'facts', addresses, ...(inventory === '' ? {} : { inventory }) },
        FactsSchema,
        FACTS_TIMEOUT_MS,
        signal,
      );
      if (!answer.ok) return silent.push({ host, why: answer.why });
      // A clock is judged against the middle of the round trip, so that a slow answer is no skew.
      receivedAtMs.set(host, Math.min(Math.max(answer.value.collectedAtMs, sentAtMs), ports.nowMs()));
      return facts.push(answer.value);
    }),
  );
  const order = (a: { readonly host: string }, b: { readonly host: string }) =>
    ports.hosts.indexOf(hostId(a.host)) - ports.hosts.indexOf(hostId(b.host));
  return { facts: facts.toSorted(order), receivedAtMs, silent: silent.toSorted(order) };
}

async function dryRuns(
  ports: PlanningPorts,
  draft: PlanDraft,
  signal: AbortSignal,
): Promise<{ readonly ok: true; readonly value: ReadonlyMap<HostId, DryRunAnswer> } | { readonly ok: false; readonly reasons: readonly string[] }> {
  const value = new Map<HostId, DryRunAnswer>();
  const reasons: string[] = [];
  await Promise.all(
    ports.hosts.map(async (host) => {
      const steps = stepsOfHost(draft, host).map(({ id, kind, version, params }) => ({ id, kind, version, params }));
      if (steps.length === 0) return;
      const answer = await ask(ports, host, { kind: 'dry-run', request: { steps } }, DryRunAnswerSchema, DRY_RUN_TIMEOUT_MS, signal);
      if (answer.ok) value.set(host, answer.value);
      else reasons.push(`${host}: cannot dry-run: ${answer.why}`);
    }),
  );
  return reasons.length > 0 ? { ok: false, reasons } : { ok: true, value };
}

async function ask<T>(
  ports: Pick<PlanningPorts, 'query'>,
  host: HostId,
  query: Query,
  schema: v.GenericSchema<unknown, T>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string }> {
  let answer: QueryAnswer;
  try {
    answer = await ports.query(host, query, { timeoutMs, signal });
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
  if (!answer.ok) return answer;
  const parsed = v.safeParse(schema, answer.value);
  return parsed.success
    ? { ok: true, value: parsed.output }
    : { ok: false, why: `answered in an unexpected shape (${v.getDotPath(parsed.issues[0]) ?? ''}: ${parsed.issues[0].message})` };
}
