/**
 * Plans on disk. What is written is the coordinator's canonical JSON, byte for byte; what is read back is checked for being a plan, and is
 * told apart from a later one by its digest alone, so a reformatted file is still the same plan.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { canonicalJson, digest } from '@reberth/protocol/canonical.ts';
import { ReberthError } from '@reberth/protocol/errors.ts';
import type { Digest } from '@reberth/protocol/ids.ts';
import { type Plan, PlanSchema } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';
import { fileTrouble, schemaTrouble } from './plain-words.ts';

export interface SavedPlan {
  readonly plan: Plan;
  readonly bytes: Buffer;
  readonly digest: Digest;
}

/** In a folder that exists: a mistyped path makes none. Whole, or not at all. */
export async function writePlanFile(path: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${path}.new`;
  try {
    await writeFile(unfinished, bytes, { mode: 0o600 });
    await rename(unfinished, path);
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw new ReberthError('usage', `cannot save the plan as ${path}: ${fileTrouble(cause)}`, {
      hint: 'reberth plan --to ADDRESS --out FILE',
      cause,
    });
  }
}

/** Where `apply` looks by itself; its folder is made at first. */
export async function writeLatestPlan(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (cause) {
    throw new ReberthError('usage', `cannot save the plan as ${path}: ${fileTrouble(cause)}`, { hint: 'make the folder, then plan again', cause });
  }
  await writePlanFile(path, bytes);
}

export async function readPlanFile(path: string): Promise<SavedPlan> {
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ReberthError('plan-unknown', `cannot read a plan from ${path}: ${fileTrouble(cause)}`, { hint: 'reberth plan --to ADDRESS', cause });
  }
  const parsed = v.safeParse(PlanSchema, raw);
  if (!parsed.success) {
    throw new ReberthError('plan-unknown', `cannot use ${path}: it is no plan`, {
      reasons: schemaTrouble(parsed.issues),
      hint: 'reberth plan --to ADDRESS',
    });
  }
  return { plan: parsed.output, bytes: Buffer.from(canonicalJson(raw)), digest: digest(raw) };
}
