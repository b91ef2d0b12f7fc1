import { readFileSync } from 'node:fs';

/** Secrets by name from the environment, or from the file that `<NAME>_FILE` names; read when needed, kept nowhere. */
export const secretsFrom =
  (environment: Readonly<Record<string, string | undefined>>) =>
  (name: string): string | undefined => {
    const file = environment[`${name}_FILE`];
    return file === undefined ? environment[name] : readFileSync(file, 'utf8').trim();
  };
