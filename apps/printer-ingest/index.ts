import { Module } from '@nestjs/common';
import { Bus, connectBus } from '#bus';
import { Intake } from '#intake';
import { Ingest } from './ingest.js';
import { EventPublisher } from './publisher.js';

@Module({
  controllers: [EventPublisher],
  providers: [
    connectBus('printer-ingest'),
    { provide: Intake, inject: [Bus], useFactory: (bus: Bus) => Intake.open(bus) },
    Ingest,
  ],
})
export class PrinterIngestModule {}
export { grpcServer } from './server.js';
