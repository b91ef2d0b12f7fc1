export { type Answer, expectProblem, problemOf } from './expect-problem.ts';
