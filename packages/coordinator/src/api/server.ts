/**
 * The gRPC server of the operators' API: mutual TLS, the standard health and reflection services, and the methods of the list. A client
 * without a certificate of the control CA gets no further than the handshake; an agent's certificate opens nothing here.
 */

import type { PeerCertificate } from 'node:tls';
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { ReberthError } from '@reberth/protocol/errors.ts';
import { HealthImplementation } from 'grpc-health-check';
import * as v from 'valibot';
import { coordinatorPackage, coordinatorService } from './definition.ts';
import { toServiceError } from './errors.ts';
import type { Call, Streaming, Unary } from './method.ts';
import { methods } from './methods/index.ts';
import type { CoordinatorService } from './service.ts';

export interface ApiOptions {
  /** `127.0.0.1:7443` */
  readonly listen: readonly string[];
  readonly ca: Buffer;
  readonly certificate: Buffer;
  readonly key: Buffer;
  /** The operator's name, or undefined when this certificate may not command. */
  operatorOf(certificate: PeerCertificate): string | undefined;
}

/** A plan of some hundred hosts with its diffs fits; anything larger is a mistake or an attack. */
const MESSAGE_LIMIT = 32 * 1024 * 1024;

export async function serveApi(
  service: CoordinatorService,
  options: ApiOptions,
): Promise<{ readonly ports: readonly number[]; close(): Promise<void> }> {
  const server = new Server({ 'grpc.max_receive_message_length': MESSAGE_LIMIT, 'grpc.max_send_message_length': MESSAGE_LIMIT });
  const implementation: UntypedServiceImplementation = {};
  for (const method of methods)
    implementation[method.name] =
      method.kind === 'unary'
        ? unaryHandler(method as Unary<unknown>, service, options)
        : streamHandler(method as Streaming<unknown>, service, options);
  server.addService(coordinatorService, implementation);
  const health = new HealthImplementation({ '': 'SERVING', 'reberth.v1.Coordinator': 'SERVING' });
  health.addToServer(server);
  new ReflectionService(coordinatorPackage).addToServer(server);
  const credentials = ServerCredentials.createSsl(options.ca, [{ cert_chain: options.certificate, private_key: options.key }], true);
  const ports = await Promise.all(options.listen.map((address) => bind(server, address, credentials)));
  return {
    ports,
    close: () =>
      new Promise<void>((resolve) => {
        health.setStatus('reberth.v1.Coordinator', 'NOT_SERVING');
        // Watches have no end of their own: give short calls a moment, then cut.
        const cut = setTimeout(() => server.forceShutdown(), 500);
        server.tryShutdown(() => {
          clearTimeout(cut);
          resolve();
        });
      }),
  };
}

const bind = (server: Server, address: string, credentials: ServerCredentials): Promise<number> =>
  new Promise((resolve, reject) => server.bindAsync(address, credentials, (error, port) => (error === null ? resolve(port) : reject(error))));

type AnyCall = ServerUnaryCall<unknown, object> | ServerWritableStream<unknown, object>;

function callOf(call: AnyCall, options: ApiOptions): Call {
  const certificate = call.getAuthContext().sslPeerCertificate;
  const by = certificate === undefined ? undefined : options.operatorOf(certificate as PeerCertificate);
  if (by === undefined) throw new ReberthError('not-allowed', "cannot answer: this certificate is not an operator's");
  const controller = new AbortController();
  call.on('cancelled', () => controller.abort());
  return { by, signal: controller.signal };
}

function requestOf<T>(schema: v.GenericSchema<unknown, T>, raw: unknown): T {
  const parsed = v.safeParse(schema, raw);
  if (parsed.success) return parsed.output;
  throw new ReberthError('usage', 'cannot read the request', {
    reasons: parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`),
  });
}

function unaryHandler(method: Unary<unknown>, service: CoordinatorService, options: ApiOptions): handleUnaryCall<unknown, object> {
  return (call, callback) => {
    const answer = async () => method.handle(service, requestOf(method.request, call.request), callOf(call, options));
    answer().then(
      (reply) => callback(null, reply),
      (error: unknown) => callback(toServiceError(error)),
    );
  };
}

function drained(call: ServerWritableStream<unknown, object>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    call.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

function streamHandler(method: Streaming<unknown>, service: CoordinatorService, options: ApiOptions): handleServerStreamingCall<unknown, object> {
  return (call) => {
    const run = async () => {
      const context = callOf(call, options);
      for await (const reply of method.handle(service, requestOf(method.request, call.request), context)) {
        if (context.signal.aborted) return;
        // Backpressure: a slow viewer slows its own stream, never the rollout.
        if (!call.write(reply)) await drained(call, context.signal);
      }
      call.end();
    };
    run().catch((error: unknown) => call.emit('error', toServiceError(error)));
  };
}
