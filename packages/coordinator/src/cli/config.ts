/**
 * Where the coordinator is and who asks: the operator's cli.json, written by `reberth init`. Every problem at once, each with its key.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ReberthError } from '@reberth/protocol/errors.ts';
import * as v from 'valibot';
import { fileTrouble, schemaTrouble } from './plain-words.ts';

const Schema = v.object({ coordinator: v.string(), caFile: v.string(), certificateFile: v.string(), keyFile: v.string() });
/** Files are absolute here. */
export type CliConfig = Readonly<v.InferOutput<typeof Schema>>;

const WRITTEN_BY = 'reberth init on the coordinator host writes it; REBERTH_CONFIG names another place';

export const configPath = (environment: NodeJS.ProcessEnv): string => environment['REBERTH_CONFIG'] ?? join(homedir(), '.config/reberth/cli.json');

export async function readCliConfig(path: string): Promise<CliConfig> {
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ReberthError('config-invalid', `cannot read ${path}: ${fileTrouble(cause)}`, {
      hint: WRITTEN_BY,
      cause,
    });
  }
  const parsed = v.safeParse(Schema, raw);
  if (!parsed.success) {
    throw new ReberthError('config-invalid', `cannot use ${path}`, {
      reasons: schemaTrouble(parsed.issues),
      hint: WRITTEN_BY,
    });
  }
  const beside = (file: string) => resolve(dirname(path), file);
  const { coordinator, caFile, certificateFile, keyFile } = parsed.output;
  return { coordinator, caFile: beside(caFile), certificateFile: beside(certificateFile), keyFile: beside(keyFile) };
}
