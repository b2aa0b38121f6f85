import { type Metadata, status } from '@grpc/grpc-js';
import type { RpcException } from '@nestjs/microservices';
import type { Row } from '#intake';
import { beginHop, newTrace, traceHeader, traceOf } from '#runtime';

const service = 'farmbell.v1.EventPublisher';
/** What is the server's fault: https://opentelemetry.io/docs/specs/semconv/rpc/grpc/ */
const faults = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

export interface CallStep {
  /** What follows from the call is handed this. */
  trace: string;
  /** Of a stream, its event is answered; of a call, it is over. */
  end(answer: Row | RpcException): void;
}

/** A call, or one event of a stream, in its caller's trace; one begins here where the metadata name none. */
export function beginCall(method: 'Publish' | 'PublishStream', metadata: Metadata): CallStep {
  const given = metadata.get(traceHeader);
  const parent = given.length === 1 ? traceOf(given[0]) : undefined;
  const hop = beginHop('printer-ingest', `${service}/${method}`, 'server', parent);
  hop?.set({ 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method });
  return {
    trace: hop?.trace ?? parent ?? newTrace(),
    end(answer) {
      const code = codeOf(answer);
      hop?.set({ 'rpc.grpc.status_code': code, ...('id' in answer && { 'farmbell.event.id': answer.id }) });
      hop?.end(faults.has(code) ? status[code] : undefined);
    },
  };
}

/** A refused event of a stream is answered in its turn: the call goes on. */
function codeOf(answer: Row | RpcException): status {
  if ('id' in answer || 'errors' in answer) return status.OK;
  return (answer.getError() as { code: status }).code;
}
