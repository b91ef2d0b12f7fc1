import { type Installation, install, present, startOptionsFrom } from '@charter/launcher';
import { StackError } from '@charter/stack';

const begun = performance.now();
const report = (line: string): void => {
  const at = `${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s`;
  console.log(line === '' ? '' : `${at}  ${line}`);
};

const stopping = new AbortController();
let installation: Installation | null = null;

/** Ctrl-C may reach us twice: from the terminal, and forwarded by whoever started us. */
function onSignal(): void {
  if (stopping.signal.aborted) return;
  stopping.abort();
  report('Stopping everything that was started');
  if (installation === null) process.exit(130); // what is being started is signaled on exit
  void installation.stop().then(() => process.exit(0));
}
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);

try {
  const options = startOptionsFrom(process.argv.slice(2), process.env);
  installation = await install(options, process.env, report);
  await present(installation, options, report, stopping.signal);
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(`Cannot start: ${error instanceof Error ? error.message : String(error)}`);
    if (!(error instanceof StackError)) console.error(`Logs: ${process.env.CHARTER_STATE_DIR ?? '.charter'}/logs`);
    await installation?.stop();
    process.exit(1);
  }
}
