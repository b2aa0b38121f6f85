import { readFileSync } from 'node:fs';
import { ServerCredentials } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { type GrpcOptions, Transport } from '@nestjs/microservices';
import { HealthImplementation } from 'grpc-health-check';
import { protoPackage, protoPath } from '#contracts';
import type { Settings } from '#runtime';

const mebibyte = 1024 * 1024;

/** The gRPC side: publishing, health (grpc.health.v1) and reflection. */
export function grpcServer(config: Settings, host: string, port: number): GrpcOptions {
  return {
    transport: Transport.GRPC,
    options: {
      package: protoPackage,
      protoPath,
      url: `${host.includes(':') ? `[${host}]` : host}:${port}`,
      maxReceiveMessageLength: 4 * mebibyte,
      loader: { keepCase: true, longs: Number, enums: String, defaults: false, arrays: false, oneofs: false },
      ...(config.FARMBELL_TLS_CERT &&
        config.FARMBELL_TLS_KEY && { credentials: credentials(config.FARMBELL_TLS_CERT, config.FARMBELL_TLS_KEY) }),
      onLoadPackageDefinition: (definition, server) => {
        new HealthImplementation({ '': 'SERVING', [`${protoPackage}.EventPublisher`]: 'SERVING' }).addToServer(server);
        new ReflectionService(definition).addToServer(server);
      },
    },
  };
}

const credentials = (cert: string, key: string) =>
  ServerCredentials.createSsl(null, [{ cert_chain: readFileSync(cert), private_key: readFileSync(key) }]);
