/**
 * The service and package definitions of coordinator.proto, as grpc-js wants them. Made from the embedded descriptor, so that nothing has
 * to be found on disk at run time.
 */

import { loadPackageDefinition, type ServiceClientConstructor, type ServiceDefinition } from '@grpc/grpc-js';
import { coordinatorPackageDefinition } from '@reberth/protocol/codec/schema.ts';

export const coordinatorPackage = coordinatorPackageDefinition();

const loaded = (loadPackageDefinition(coordinatorPackage)['reberth'] as { readonly v1: { readonly Coordinator: ServiceClientConstructor } }).v1;

export const CoordinatorClient: ServiceClientConstructor = loaded.Coordinator;
export const coordinatorService: ServiceDefinition = loaded.Coordinator.service;
