import { runService } from '@charter/service';
import { startKnowledge } from './service.ts';

await runService('knowledge', startKnowledge, process.env);
