import { ServerCredentials } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { type GrpcOptions, Transport } from '@nestjs/microservices';
import { HealthImplementation } from 'grpc-health-check';
import { protoPackage, protoPath } from '#contracts';
import { type Pair, type Settings, serverTls } from '#runtime';

const mebibyte = 1024 * 1024;
/** A publisher for a thousand accounts has a stream for each of them on one connection. */
const mostStreams = 2000;
const idleMs = 30 * 60_000;

/** The gRPC side: publishing, health (grpc.health.v1) and reflection. */
export function grpcServer(config: Settings, host: string, port: number): GrpcOptions {
  const tls = serverTls(config);
  return {
    transport: Transport.GRPC,
    options: {
      package: protoPackage,
      protoPath,
      url: `${host.includes(':') ? `[${host}]` : host}:${port}`,
      maxReceiveMessageLength: 4 * mebibyte,
      maxMetadataSize: 16 * 1024,
      // of one connection; further calls wait at their caller
      channelOptions: { 'grpc.max_concurrent_streams': mostStreams, 'grpc.max_connection_idle_ms': idleMs },
      // a caller that is gone without a word is noticed
      keepalive: { keepaliveTimeMs: 60_000, keepaliveTimeoutMs: 20_000 },
      loader: { keepCase: true, longs: Number, enums: String, defaults: false, arrays: false, oneofs: false },
      ...(tls && { credentials: credentials(tls) }),
      onLoadPackageDefinition: (definition, server) => {
        new HealthImplementation({ '': 'SERVING', [`${protoPackage}.EventPublisher`]: 'SERVING' }).addToServer(server);
        new ReflectionService(definition).addToServer(server);
      },
    },
  };
}

const credentials = ({ cert, key }: Pair) =>
  ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }]);
