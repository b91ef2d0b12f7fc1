export { InitError } from './ask-server.ts';
export { init } from './init.ts';
export { type InitOptions, initOptionsFrom } from './init-options.ts';
export { type Comparison, splitComparison } from './split-comparison.ts';
