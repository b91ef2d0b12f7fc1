import { runService } from '@charter/service';
import { startExecute } from './service.ts';

await runService('execute', (environment) => startExecute(environment), process.env);
