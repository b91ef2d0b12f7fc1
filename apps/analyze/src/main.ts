import { runService } from '@charter/service';
import { startAnalyze } from './service.ts';

await runService('analyze', startAnalyze, process.env);
