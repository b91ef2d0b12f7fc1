/** One simulation of `npm run simulate`: takes the arguments behind its name, prints lines, and ends with an exit code. */
export type Simulation = (args: readonly string[], print: (line: string) => void) => Promise<number>;
