import { type FailureCode, failures, Problem } from '@charter/shared/contracts';
import { expect } from 'vitest';

/** What `inject` answers, as far as the helpers read it. */
export interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Expects problem+json with this failure's code and status, and gives it. */
export function expectProblem(answer: Answer, code: FailureCode): Problem {
  const problem = problemOf(answer);
  expect(problem).toMatchObject({ code, status: failures[code].status });
  return problem;
}

/** Expects well-formed problem+json of any code, and gives it. */
export function problemOf(answer: Answer): Problem {
  expect(String(answer.headers['content-type']), answer.body).toMatch(/^application\/problem\+json/);
  const problem = Problem.strict().parse(JSON.parse(answer.body));
  expect(answer.statusCode).toBe(problem.status);
  return problem;
}
