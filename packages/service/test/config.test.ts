import { CharterError } from '@charter/shared/contracts';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { configFrom, createLog, portOf, ServiceConfig } from '../src/index.ts';

const PlanConfig = ServiceConfig.extend({ PLAN_URL: z.url(), PLAN_MAX: z.coerce.number().int().default(5) });

test('configuration takes defaults, coerces numbers and treats empty variables as absent', () => {
  const config = configFrom(PlanConfig, { PLAN_URL: 'http://127.0.0.1', PLAN_MAX: '7', PORT: '', UNRELATED: 'x' });
  expect(config).toMatchObject({ HOST: '127.0.0.1', LOG_LEVEL: 'info', PLAN_MAX: 7 });
  expect(config.PORT).toBeUndefined();
  expect(portOf('plan', config)).toBe(8004);
  expect(portOf('plan', { ...config, CHARTER_PORT_BASE: 100 })).toBe(8104);
  expect(portOf('plan', { ...config, CHARTER_PORT_BASE: 100, PORT: 9 })).toBe(9);
});

test('every wrong variable is named at once, and no value is told', () => {
  const wrong = { PORT: 'hunter2', CHARTER_JWT_SECRET: 'tooshort' };
  expect(() => configFrom(PlanConfig, wrong)).toThrow(CharterError);
  expect(() => configFrom(PlanConfig, wrong)).toThrow(/PORT: .*CHARTER_JWT_SECRET: .*PLAN_URL: is missing/);
  expect(() => configFrom(PlanConfig, wrong)).not.toThrow(/hunter2|tooshort/);
});

test('log lines are JSON with app, level and time, and hold no credentials', () => {
  const lines: string[] = [];
  const log = createLog('plan', { LOG_LEVEL: 'info' }, { write: (line) => void lines.push(line) });
  const headers = { authorization: 'Bearer hunter2' };
  log
    .child({ incidentId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' })
    .info({ headers, request: { headers }, apiKey: 'hunter2' }, 'asked');
  log.debug('too fine');
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('hunter2');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    app: 'plan',
    level: 'info',
    incidentId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    msg: 'asked',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  });
});
