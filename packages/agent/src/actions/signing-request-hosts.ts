/** Changes the hosts that a cfssl signing request asks for, so that a certificate made from it later covers the right addresses. */
import * as v from 'valibot';
import { setHosts } from '../formats/signing-request.ts';
import { defineAction } from './action.ts';
import { fileEdit, planEdit, type SeenFile } from './file-edit.ts';
import { PathSchema, PlainSchema } from './params.ts';

const ParamsSchema = v.object({ file: PathSchema, remove: v.array(PlainSchema), add: v.array(PlainSchema) });
type Params = v.InferOutput<typeof ParamsSchema>;

export const signingRequestHosts = defineAction<Params, SeenFile>({
  ...fileEdit,
  kind: 'signing-request-hosts',
  version: 1,
  risk: 'local',
  params: ParamsSchema,
  title: ({ file, remove, add }) =>
    `ask in ${file} for ${add.join(', ') || 'no new host'}${remove.length > 0 ? ` instead of ${remove.join(', ')}` : ''}`,
  plan: ({ file, remove, add }, seen) => planEdit(file, seen, (text) => setHosts(text, { remove, add }), 'the request names these hosts already'),
});
