import { InitError, init, initOptionsFrom } from '@charter/cli';

try {
  await init(initOptionsFrom(process.argv.slice(2)), console.log);
} catch (error) {
  if (!(error instanceof InitError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
