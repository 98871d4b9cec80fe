/** One GET from this host: the health pages of kubelet, kube-proxy, API server and etcd. No answer is status 0 with the reason. */
import * as v from 'valibot';
import { defineProbe } from './probe.ts';

/** A health page is a word or a small object; the rest is cut off. */
const BODY_LENGTH_MAX = 4096;

export const httpProbe = defineProbe({
  name: 'http',
  params: v.object({
    url: v.pipe(v.string(), v.regex(/^https?:\/\//, 'must be an http or https URL')),
    caFile: v.optional(v.string()),
    certFile: v.optional(v.string()),
    keyFile: v.optional(v.string()),
    verifyAs: v.optional(v.string()),
  }),
  async run({ host }, { url, ...rest }) {
    const answer = await host.http(url, defined(rest));
    return { ...answer, body: answer.body.slice(0, BODY_LENGTH_MAX) };
  },
});

/** Leaves out what was not given. */
const defined = (options: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
