/**
 * Whether an API endpoint can be used from this host: it answers TLS with a certificate of the cluster's CA that covers the name, and
 * something behind it answers HTTP. Asks without credentials, so 401 and 403 are answers; only 5xx and silence are not.
 */
import { X509Certificate } from 'node:crypto';
import { endpointUrl } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';
import { defineProbe } from './probe.ts';

const TIMEOUT_MS = 3_000;

const Ip = v.pipe(v.string(), v.ip());

export const endpointProbe = defineProbe({
  name: 'endpoint',
  params: v.object({ address: v.string(), port: v.number(), caFile: v.string(), verifyAs: v.optional(v.string()) }),
  async run({ host }, { address, port, caFile, verifyAs = address }) {
    // Without the CA first: the names of a certificate that will be refused are what the operator wants to read.
    const hello = await host.tls(address, port, { timeoutMs: TIMEOUT_MS });
    if (hello.certificatePem === '') return { answers: false, covers: false, status: 0, names: [], why: hello.why };
    const served = new X509Certificate(hello.certificatePem);
    const names = namesOf(served);
    if (!covers(served, verifyAs)) return { answers: false, covers: false, status: 0, names, why: `the certificate does not cover ${verifyAs}` };

    const verified = await host.tls(address, port, { caFile, verifyAs, timeoutMs: TIMEOUT_MS });
    // No names: the certificate's names are not what is wrong with it.
    if (!verified.connected) return { answers: false, covers: false, status: 0, names: [], why: verified.why };
    const answer = await host.http(`${endpointUrl({ address, port })}/readyz`, { caFile, verifyAs, timeoutMs: TIMEOUT_MS });
    const answers = answer.status > 0 && answer.status < 500;
    return { answers, covers: true, status: answer.status, names, why: answers ? '' : answer.why || `answers ${answer.status}` };
  },
});

const covers = (certificate: X509Certificate, name: string): boolean =>
  (v.is(Ip, name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;

/** `DNS:kubernetes, IP Address:192.0.2.41` → names alone. */
const namesOf = (certificate: X509Certificate): readonly string[] =>
  (certificate.subjectAltName ?? '').split(', ').flatMap((entry) => {
    const value = entry.slice(entry.indexOf(':') + 1).trim();
    return value === '' ? [] : [value];
  });
