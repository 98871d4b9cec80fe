/**
 * The package definitions of both .proto files, made from the embedded descriptor: nothing has to be found on disk at run time. Field names
 * are in camel case, 64-bit numbers are JavaScript numbers, absent fields have their defaults, bytes are Buffers.
 */
import { fromJSON, type Options, type PackageDefinition } from '@grpc/proto-loader';
import { agentDescriptor, coordinatorDescriptor } from './gen/descriptor.ts';

const OPTIONS: Options = { keepCase: false, longs: Number, defaults: true, oneofs: true, bytes: Buffer };

export const coordinatorPackageDefinition = (): PackageDefinition => fromJSON(coordinatorDescriptor, OPTIONS);
export const agentPackageDefinition = (): PackageDefinition => fromJSON(agentDescriptor, OPTIONS);
