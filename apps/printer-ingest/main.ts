import { run } from '#runtime';
import { grpcServer, PrinterIngestModule } from './index.js';

await run('printer-ingest', [PrinterIngestModule], {
  prepare: (config) => (app) => void app.connectMicroservice(grpcServer(config, '0.0.0.0', config.FARMBELL_GRPC_PORT ?? 50051)),
});
