import { runService } from '@charter/service';
import { startConsole } from './service.ts';

await runService('console', startConsole, process.env);
