/**
 * Plans on disk. What is written is the coordinator's canonical JSON, byte for byte; what is read back is checked for being a plan, and is
 * told apart from a later one by its digest alone, so a reformatted file is still the same plan.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { canonicalJson, digest } from '@reberth/protocol/canonical.ts';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import type { Digest } from '@reberth/protocol/ids.ts';
import { type Plan, PlanSchema } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';

export interface SavedPlan {
  readonly plan: Plan;
  readonly bytes: Buffer;
  readonly digest: Digest;
}

export async function writePlanFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.new`, bytes, { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch (cause) {
    throw new ReberthError('usage', `cannot save the plan: ${messageOf(cause)}`, { hint: 'reberth plan --to ADDRESS --out FILE', cause });
  }
}

export async function readPlanFile(path: string): Promise<SavedPlan> {
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ReberthError('plan-unknown', `cannot read a plan from ${path}: ${messageOf(cause)}`, { hint: 'reberth plan --to ADDRESS', cause });
  }
  const parsed = v.safeParse(PlanSchema, raw);
  if (!parsed.success) {
    throw new ReberthError('plan-unknown', `cannot use ${path}: it is no plan`, {
      reasons: parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`),
      hint: 'reberth plan --to ADDRESS',
    });
  }
  return { plan: parsed.output, bytes: Buffer.from(canonicalJson(raw)), digest: digest(raw) };
}
