import { runService } from '@charter/service';
import { startMonitor } from './service.ts';

await runService('monitor', startMonitor, process.env);
