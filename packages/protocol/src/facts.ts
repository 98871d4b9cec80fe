/**
 * What a host knows about itself: raw material for recognising a layout and for planning. Facts never hold key or token material.
 * A file that cannot be read is a fact too: `problems` names file, line and reason, and planning refuses with them.
 */
import * as v from 'valibot';

const Problem = v.object({ file: v.string(), line: v.number(), message: v.string() });

const VirtualAddress = v.object({ address: v.string(), line: v.number() });

export const VrrpInstanceFact = v.object({
  name: v.string(),
  line: v.number(),
  state: v.string(),
  networkInterface: v.string(),
  virtualRouterId: v.number(),
  priority: v.number(),
  advertIntS: v.number(),
  addresses: v.array(VirtualAddress),
  excluded: v.array(VirtualAddress),
  unicastPeers: v.array(v.string()),
});

export const FactsSchema = v.object({
  host: v.string(),
  collectedAtMs: v.number(),
  identity: v.object({ hostname: v.string(), machineId: v.string(), bootId: v.string(), os: v.string(), agentVersion: v.string() }),
  addresses: v.array(v.object({ networkInterface: v.string(), address: v.string() })),
  /** Units of interest that exist on this host. */
  units: v.array(v.object({ name: v.string(), active: v.string(), sub: v.string() })),
  keepalived: v.optional(v.object({ file: v.string(), version: v.string(), instances: v.array(VrrpInstanceFact), includes: v.array(v.string()) })),
  haproxy: v.optional(
    v.object({
      file: v.string(),
      frontends: v.array(
        v.object({
          name: v.string(),
          binds: v.array(v.object({ address: v.string(), port: v.number() })),
          servers: v.array(v.object({ name: v.string(), address: v.string(), port: v.number() })),
        }),
      ),
    }),
  ),
  kubeconfigs: v.array(
    v.object({ path: v.string(), currentContext: v.string(), cluster: v.string(), server: v.string(), user: v.string(), userKind: v.string() }),
  ),
  certificates: v.array(
    v.object({
      path: v.string(),
      subject: v.string(),
      issuer: v.string(),
      addresses: v.array(v.string()),
      names: v.array(v.string()),
      notBefore: v.string(),
      notAfter: v.string(),
      algorithm: v.string(),
      fingerprint256: v.string(),
      isCa: v.boolean(),
      /** Path of the private key beside it, when there is one. */
      keyFile: v.optional(v.string()),
    }),
  ),
  signingRequests: v.array(v.object({ path: v.string(), cn: v.string(), hosts: v.array(v.string()) })),
  inventory: v.optional(
    v.object({
      path: v.string(),
      groups: v.array(
        v.object({
          name: v.string(),
          hosts: v.array(v.object({ name: v.string(), vars: v.record(v.string(), v.string()) })),
          vars: v.record(v.string(), v.string()),
        }),
      ),
    }),
  ),
  /** Program → version, e.g. `kube-apiserver` → `1.35.4`; only those present. */
  versions: v.record(v.string(), v.string()),
  /** Every place under the scanned folders that holds one of the asked addresses. */
  places: v.array(
    v.object({
      address: v.string(),
      path: v.string(),
      line: v.number(),
      /** `text`, or `san` inside a certificate */ form: v.picklist(['text', 'san']),
    }),
  ),
  problems: v.array(Problem),
});
export type Facts = Readonly<v.InferOutput<typeof FactsSchema>>;
