import { runService } from '@charter/service';
import { startCharter } from './service.ts';

await runService(
  'charter',
  async (environment) => {
    const charter = await startCharter(environment);
    process.on('SIGHUP', () => void charter.reload());
    return charter;
  },
  process.env,
);
