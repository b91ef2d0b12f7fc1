import { describe, expect, test } from 'vitest';
import { type Actuation, type ComponentName, createTestbed, type Order, type Testbed } from '../src/model/index.ts';

function running(): Testbed {
  const testbed = createTestbed({ seed: 2, startOfDaySeconds: 43_200 });
  testbed.advance(20);
  return testbed;
}

function carriedOut(testbed: Testbed, component: ComponentName, order: Order): Actuation {
  const done = testbed.actuate(component, order);
  if ('refused' in done) throw new Error(done.detail);
  return done;
}

const orders: Order[] = [
  { actuator: 'scale', replicas: 9 },
  { actuator: 'scale', replicas: 2 },
  { actuator: 'throttle', requestsPerSecond: 20 },
  { actuator: 'rebalance', weights: { a: 0, b: 1 } },
  { actuator: 'config', key: 'timeoutSeconds', value: 1.5 },
  { actuator: 'policy', version: 'v1' },
  { actuator: 'bypass', ttlSeconds: 60 },
  { actuator: 'override', ttlSeconds: 60 },
];

describe('an order', () => {
  test.each(orders)('$actuator is undone to exactly the former state', (order) => {
    const testbed = running();
    const before = testbed.state().orders.spec;
    const done = carriedOut(testbed, 'orders', order);
    expect(done.previous).toEqual(before);
    testbed.advance(8);
    if (!done.undo) throw new Error('has no undo');
    carriedOut(testbed, 'orders', done.undo);
    testbed.advance(8);
    const saved = testbed.save().components.orders;
    expect(saved.declared).toEqual(before);
    expect(saved.running).toEqual(before);
  });

  test('restart has no undo, loses work and takes half of the capacity for its boot delay', () => {
    const testbed = running();
    expect(carriedOut(testbed, 'orders', { actuator: 'restart' }).undo).toBeNull();
    testbed.advance(0.2);
    expect(testbed.state().orders).toMatchObject({ replicas: 4, ready: 2, booting: 2 });
    testbed.advance(2.6);
    expect(testbed.state().orders).toMatchObject({ replicas: 4, ready: 4, booting: 0 });
    expect(testbed.save().components.orders.totals.codes['503']).toBeGreaterThan(0);
  });

  test('for more replicas takes its boot delay to have an effect', () => {
    const testbed = running();
    expect(carriedOut(testbed, 'orders', { actuator: 'scale', replicas: 6 }).action).toBe('SCALE_UP');
    testbed.advance(2);
    expect(testbed.state().orders).toMatchObject({ replicas: 6, ready: 4, booting: 2 });
    testbed.advance(1);
    expect(testbed.state().orders).toMatchObject({ replicas: 6, ready: 6 });
    expect(carriedOut(testbed, 'orders', { actuator: 'scale', replicas: 4 }).action).toBe('SCALE_DOWN');
    testbed.advance(0.2);
    expect(testbed.state().orders.ready).toBe(4);
  });

  test('to throttle below a quarter of the traffic breaks the objective instead of mending it', () => {
    const testbed = running();
    carriedOut(testbed, 'catalog', { actuator: 'throttle', requestsPerSecond: 10 });
    testbed.advance(10);
    expect(testbed.state().catalog.missed).toEqual(['throttledRatio']);
  });

  test('with a time to live ends by itself and shows its side effect until then', () => {
    const testbed = running();
    carriedOut(testbed, 'orders', { actuator: 'bypass', ttlSeconds: 5 });
    carriedOut(testbed, 'orders', { actuator: 'override', ttlSeconds: 5 });
    testbed.advance(6);
    const { totals } = testbed.save().components.orders;
    expect(totals.unvalidated).toBeGreaterThan(50);
    expect(totals.degraded).toBeGreaterThan(50);
    expect(testbed.state().orders.spec).toMatchObject({ bypassUntil: null, overrideUntil: null });
    testbed.advance(5);
    expect(testbed.save().components.orders.totals.unvalidated).toBe(totals.unvalidated);
  });

  test.each<Order>([
    { actuator: 'scale', replicas: 0 },
    { actuator: 'scale', replicas: 2.5 },
    { actuator: 'throttle', requestsPerSecond: 0 },
    { actuator: 'rebalance', weights: { a: 0, b: 0 } },
    { actuator: 'config', key: 'color', value: 1 },
    { actuator: 'config', key: 'timeoutSeconds', value: 'long' },
    { actuator: 'policy', version: 'v7' },
    { actuator: 'bypass', ttlSeconds: -1 },
  ])('that makes no sense is refused and changes nothing: $actuator', (order) => {
    const testbed = running();
    const before = testbed.save();
    expect(testbed.actuate('orders', order)).toHaveProperty('refused');
    expect(testbed.save()).toEqual(before);
  });
});
