import { runService } from '@charter/service';
import { startOrchestrator } from './service.ts';

await runService('orchestrator', startOrchestrator, process.env);
