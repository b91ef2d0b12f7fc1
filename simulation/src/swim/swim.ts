import type { Simulation } from '../simulation.ts';

/** The SWIM-like web server under a virtual clock. */
export const run: Simulation = async (_args, print) => {
  print('0 simulated hours');
  return 0;
};
