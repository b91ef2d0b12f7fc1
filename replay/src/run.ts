import { runReplay } from './command.ts';

process.exitCode = await runReplay(
  process.argv.slice(2),
  process.env,
  (text) => void process.stdout.write(`${text}\n`),
);
