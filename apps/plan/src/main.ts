import { runService } from '@charter/service';
import { startPlan } from './service.ts';

await runService('plan', startPlan, process.env);
