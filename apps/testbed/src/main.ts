import { runService } from '@charter/service';
import { startTestbed } from './service.ts';

await runService('testbed', startTestbed, process.env);
