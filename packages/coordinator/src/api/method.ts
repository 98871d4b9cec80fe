/**
 * The shape of one gRPC method: its request schema and what it does with the service. Unary methods return a reply, streaming ones yield
 * replies. Authentication has happened before: `by` is the common name of the client's certificate.
 */
import type * as v from 'valibot';
import type { CoordinatorService } from './service.ts';

export interface Call {
  readonly by: string;
  readonly signal: AbortSignal;
}

export interface Unary<Request> {
  readonly kind: 'unary';
  readonly name: string;
  readonly request: v.GenericSchema<unknown, Request>;
  handle(service: CoordinatorService, request: Request, call: Call): Promise<object>;
}

export interface Streaming<Request> {
  readonly kind: 'streaming';
  readonly name: string;
  readonly request: v.GenericSchema<unknown, Request>;
  handle(service: CoordinatorService, request: Request, call: Call): AsyncIterable<object>;
}

export const unary = <Request>(method: Omit<Unary<Request>, 'kind'>): Unary<Request> => ({ kind: 'unary', ...method });
export const streaming = <Request>(method: Omit<Streaming<Request>, 'kind'>): Streaming<Request> => ({ kind: 'streaming', ...method });

export const json = (value: unknown): { readonly json: Buffer } => ({ json: Buffer.from(JSON.stringify(value)) });
