/**
 * Bytes for everything that travels between coordinator and agents, and back. Both directions validate. Whatever is wrong with given bytes
 * (too many, not protobuf, not JSON, wrong shape) is a CodecError and never anything else, so that a receiver can log it and go on.
 */
import type { MethodDefinition } from '@grpc/proto-loader';
import * as v from 'valibot';
import { type Ask, type Report, ReportSchema } from '../ask.ts';
import { canonicalJson } from '../canonical.ts';
import { messageOf } from '../errors.ts';
import { hostId, rolloutId, stepId } from '../ids.ts';
import { type Heartbeat, HeartbeatSchema, type Query, type QueryAnswer } from '../query.ts';
import { agentPackageDefinition } from './schema.ts';
import { AskSchema, QueryAnswerSchema, QuerySchema } from './shapes.ts';

/** Asks carry a few paths and a certificate, answers at most some diffs: anything larger is a mistake or an attack. */
export const MESSAGE_LIMIT_BYTES = 1024 * 1024;
/** Room for the signature around an ask of the largest size. */
const ENVELOPE_BYTES = 1024;

export class CodecError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CodecError';
  }
}

/** The signature covers exactly the bytes in `ask`. */
export interface SignedAsk {
  readonly ask: Uint8Array;
  readonly signature: Uint8Array;
  readonly keyId: string;
}

export interface AgentCodec {
  encodeAsk(ask: Ask): Uint8Array;
  decodeAsk(bytes: Uint8Array): Ask;
  encodeSignedAsk(signed: SignedAsk): Uint8Array;
  decodeSignedAsk(bytes: Uint8Array): SignedAsk;
  encodeReport(report: Report): Uint8Array;
  decodeReport(bytes: Uint8Array): Report;
  encodeQuery(query: Query): Uint8Array;
  decodeQuery(bytes: Uint8Array): Query;
  encodeQueryAnswer(answer: QueryAnswer): Uint8Array;
  decodeQueryAnswer(bytes: Uint8Array): QueryAnswer;
  encodeHeartbeat(heartbeat: Heartbeat): Uint8Array;
  decodeHeartbeat(bytes: Uint8Array): Heartbeat;
}

const Bytes = v.instance(Uint8Array);
const Body = v.object({ body: Bytes });
const WireAsk = v.looseObject({ params: Bytes });
const WireSigned = v.object({ ask: Bytes, signature: Bytes, keyId: v.string() });
const TypedReport = v.pipe(
  ReportSchema,
  v.transform((raw): Report => ({ ...raw, rollout: rolloutId(raw.rollout), step: stepId(raw.step), host: hostId(raw.host) })),
);

/** Building the codec parses the descriptor: make one and keep it. */
export function agentCodec(): AgentCodec {
  const service = agentPackageDefinition()['reberth.v1.Agent'] as Readonly<Record<string, MethodDefinition<object, object>>>;
  const message = (method: string, side: 'request' | 'response', limit = MESSAGE_LIMIT_BYTES) => framing(service[method], side, limit);
  const ask = message('Read', 'request');
  const signed = message('Perform', 'request', MESSAGE_LIMIT_BYTES + ENVELOPE_BYTES);
  const report = message('Perform', 'response');
  const query = body('question', message('Answer', 'request'), QuerySchema);
  const answer = body('answer', message('Answer', 'response'), QueryAnswerSchema);
  const heartbeat = body('heartbeat', message('Beat', 'request'), HeartbeatSchema);
  return {
    encodeAsk: (value) => named('encode this ask', () => ask.encode({ ...v.parse(AskSchema, value), params: jsonBytes(value.params) })),
    decodeAsk: (bytes) =>
      named('read an ask', () => {
        const raw = v.parse(WireAsk, ask.decode(bytes));
        return v.parse(AskSchema, { ...raw, params: jsonOf(raw.params) });
      }),
    encodeSignedAsk: (value) => named('encode this signed ask', () => signed.encode(value)),
    decodeSignedAsk: (bytes) => named('read a signed ask', () => v.parse(WireSigned, signed.decode(bytes))),
    encodeReport: (value) => named('encode this report', () => report.encode(v.parse(TypedReport, value))),
    decodeReport: (bytes) => named('read a report', () => v.parse(TypedReport, report.decode(bytes))),
    encodeQuery: query.encode,
    decodeQuery: query.decode,
    encodeQueryAnswer: answer.encode,
    decodeQueryAnswer: answer.decode,
    encodeHeartbeat: heartbeat.encode,
    decodeHeartbeat: heartbeat.decode,
  };
}

interface Framing {
  encode(value: object): Uint8Array;
  decode(bytes: Uint8Array): object;
}

function framing(method: MethodDefinition<object, object> | undefined, side: 'request' | 'response', limit: number): Framing {
  if (method === undefined) throw new Error('internal error: agent.proto lacks a method that the codec uses');
  const { [`${side}Serialize` as const]: serialize, [`${side}Deserialize` as const]: deserialize } = method;
  const within = <T extends Uint8Array>(bytes: T): T => {
    if (bytes.length > limit) throw new Error(`${bytes.length} bytes are more than the ${limit} that are allowed`);
    return bytes;
  };
  return { encode: (value) => within(serialize(value)), decode: (bytes) => deserialize(Buffer.from(within(bytes))) };
}

/** A message whose one field holds JSON. */
function body<T>(what: string, frame: Framing, schema: v.GenericSchema<unknown, T>) {
  return {
    encode: (value: T): Uint8Array => named(`encode this ${what}`, () => frame.encode({ body: jsonBytes(v.parse(schema, value)) })),
    decode: (bytes: Uint8Array): T => named(`read this ${what}`, () => v.parse(schema, jsonOf(v.parse(Body, frame.decode(bytes)).body))),
  };
}

const jsonBytes = (value: unknown): Buffer => Buffer.from(canonicalJson(value), 'utf8');
const jsonOf = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;

function named<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new CodecError(`cannot ${what}: ${whyOf(cause)}`, { cause });
  }
}

/** Names the field. Never the text of a message: JSON.parse quotes what it met, and an ask may carry what a log should not. */
function whyOf(cause: unknown): string {
  if (cause instanceof v.ValiError)
    return (cause.issues as readonly v.BaseIssue<unknown>[]).map((issue) => `${v.getDotPath(issue) ?? 'it'} is not right (${issue.type})`).join(', ');
  if (cause instanceof SyntaxError) return 'not JSON';
  return messageOf(cause);
}
