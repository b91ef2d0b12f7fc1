import type { Simulation } from './simulation.ts';

interface Entry {
  readonly load: () => Promise<Simulation>;
  /** Left out when all simulations run. */
  readonly onlyByName?: boolean;
}

/** Every simulation by name, loaded when it runs. */
const simulations: Readonly<Record<string, Entry>> = {
  swim: { load: async () => (await import('./swim/swim.ts')).run },
  testbed: { load: async () => (await import('./testbed/testbed.ts')).run },
  'swim-server': { load: async () => (await import('./swim/swim-server.ts')).run, onlyByName: true },
};

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const [first, ...rest] = process.argv.slice(2);
const isNamed = first !== undefined && !first.startsWith('-');
const all = Object.keys(simulations).filter((name) => simulations[name]?.onlyByName !== true);

for (const name of isNamed ? [first] : all) {
  const entry = simulations[name];
  if (!entry) {
    process.stderr.write(`No simulation ${name}; there are ${Object.keys(simulations).join(', ')}\n`);
    process.exit(2);
  }
  print(`\n== ${name}`);
  const code = await (await entry.load())(isNamed ? rest : process.argv.slice(2), print);
  if (code !== 0) process.exitCode = code;
}
