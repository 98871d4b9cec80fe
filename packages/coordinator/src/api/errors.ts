/**
 * How an error crosses gRPC: the status code by its kind, the table's code, hint and reasons as JSON in trailing metadata, so that the
 * CLI prints what the coordinator meant and not what the transport made of it.
 */
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { ERRORS, type ErrorCode, messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import * as v from 'valibot';

/** Ends in `-bin` because reasons may hold any text. */
const KEY = 'reberth-error-bin';

const STATUS: Partial<Record<ErrorCode, number>> = {
  usage: status.INVALID_ARGUMENT,
  'not-allowed': status.PERMISSION_DENIED,
  'preflight-refused': status.FAILED_PRECONDITION,
  'plan-stale': status.FAILED_PRECONDITION,
  'plan-unknown': status.NOT_FOUND,
  'rollout-unknown': status.NOT_FOUND,
  'rollout-busy': status.FAILED_PRECONDITION,
  'rollout-state': status.FAILED_PRECONDITION,
  'host-silent': status.UNAVAILABLE,
  'cluster-unreachable': status.UNAVAILABLE,
};

export function toServiceError(error: unknown): Partial<ServiceError> {
  const known = error instanceof ReberthError ? error : new ReberthError('internal', `internal error: ${messageOf(error)}`, { cause: error });
  const metadata = new Metadata();
  metadata.set(KEY, Buffer.from(JSON.stringify({ code: known.code, reasons: known.reasons, hint: known.hint })));
  return { code: STATUS[known.code] ?? status.INTERNAL, details: known.message, message: known.message, metadata };
}

const Carried = v.object({ code: v.string(), reasons: v.array(v.string()), hint: v.string() });

export function fromServiceError(error: ServiceError): ReberthError {
  const [carried] = error.metadata?.get(KEY) ?? [];
  if (carried !== undefined) {
    const parsed = v.safeParse(Carried, JSON.parse(carried.toString()));
    if (parsed.success && parsed.output.code in ERRORS) {
      return new ReberthError(parsed.output.code as ErrorCode, error.details, {
        reasons: parsed.output.reasons,
        hint: parsed.output.hint,
        cause: error,
      });
    }
  }
  // CANCELLED: a server that shuts down cuts its streams so.
  if (error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED || error.code === status.CANCELLED) {
    return new ReberthError('coordinator-unreachable', `cannot reach the coordinator: ${error.details}`, { cause: error });
  }
  return new ReberthError('internal', `internal error: ${error.details}`, { cause: error });
}
