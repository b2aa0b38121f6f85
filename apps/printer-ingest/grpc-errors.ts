import { Metadata, status } from '@grpc/grpc-js';
import { RpcException } from '@nestjs/microservices';
import protobuf from 'protobufjs';
import { type Fault, Problem } from '#contracts';

// google.rpc: https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
const { root } = protobuf.parse(
  `
  syntax = "proto3";
  package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message FieldViolation { string field = 1; string description = 2; }
  message BadRequest { repeated FieldViolation field_violations = 1; }`,
  { keepCase: true },
);
const Status = root.lookupType('google.rpc.Status');
const BadRequest = root.lookupType('google.rpc.BadRequest');

const codes: Record<number, status> = {
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  413: status.RESOURCE_EXHAUSTED,
  429: status.RESOURCE_EXHAUSTED,
  503: status.UNAVAILABLE,
};

/** INVALID_ARGUMENT with a google.rpc.BadRequest that names each fault's field. */
export function invalidArgument(errors: Fault[]): RpcException {
  const message = errors
    .map(({ path, message: text }) => `${path || 'event'}: ${text}`)
    .join('; ')
    .slice(0, 2000);
  const violations = BadRequest.encode({
    field_violations: errors.map(({ path, message: description }) => ({ field: path, description })),
  }).finish();
  const details = [{ type_url: 'type.googleapis.com/google.rpc.BadRequest', value: violations }];
  const metadata = new Metadata();
  metadata.set(
    'grpc-status-details-bin',
    Buffer.from(Status.encode({ code: status.INVALID_ARGUMENT, message, details }).finish()),
  );
  return new RpcException({ code: status.INVALID_ARGUMENT, message, metadata });
}

/** Any other refusal; what is no Problem is the broker's absence: a repeat with the same id is safe. */
export function refusal(error: unknown): RpcException {
  if (error instanceof RpcException) return error;
  if (error instanceof Problem) {
    const metadata = new Metadata();
    if (error.retryAfterS !== undefined) metadata.set('retry-after', String(error.retryAfterS));
    return new RpcException({ code: codes[error.status] ?? status.INTERNAL, message: error.detail || error.title, metadata });
  }
  return new RpcException({
    code: status.UNAVAILABLE,
    message: 'The event could not be stored; a repeat with the same id is safe',
  });
}
