/** Schemas that several actions use. Parameters come over the wire: a path is absolute and says where it leads, a unit is a service. */
import * as v from 'valibot';

export const PathSchema = v.pipe(
  v.string(),
  v.regex(/^\/[^\0]*[^/\0]$/, 'must be an absolute path of a file'),
  v.check(
    (path) => path.split('/').every((part, index) => index === 0 || (part !== '' && part !== '.' && part !== '..')),
    'must not contain empty parts, . or ..',
  ),
);

export const UnitSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9:_.@\\-]*\.service$/, 'must be the name of a service'));

export const ServerUrlSchema = v.pipe(v.string(), v.regex(/^https:\/\/(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'must be https://ADDRESS:PORT'));

/** One line that needs no quoting anywhere. */
export const PlainSchema = v.pipe(v.string(), v.regex(/^[^\s"'\\#;]*$/, 'must be one word without quotes'));

export const HealthSchema = v.object({
  url: v.pipe(v.string(), v.regex(/^https?:\/\/\S+$/, 'must be a URL')),
  withinMs: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(600_000)),
});
export type Health = v.InferOutput<typeof HealthSchema>;

export const ReaderSchema = v.object({ unit: UnitSchema, health: HealthSchema });
export type Reader = v.InferOutput<typeof ReaderSchema>;

/** `kubelet.service` → `kubelet` */
export const shortUnit = (unit: string): string => unit.replace(/\.service$/, '');
