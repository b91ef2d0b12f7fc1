import { describe, expect, test } from 'vitest';
import { findPatterns, type ViolationFact } from '../src/index.ts';
import { INCIDENT_AT, series } from './synthetic.ts';

const violation = (id: string, component: string, at: number, metric = 'latency_p95'): ViolationFact => ({
  id,
  component,
  metric,
  at,
  severity: 'warning',
});
const kinds = (facts: readonly ViolationFact[], context = {}): string[] =>
  findPatterns(facts, context).map((one) => one.kind);

describe('patterns among violations', () => {
  test('three violations inside a minute are a burst, at the prior of the rule', () => {
    const facts = [violation('1', 'a', 0), violation('2', 'b', 30), violation('3', 'c', 60)];
    expect(findPatterns(facts)).toMatchObject([
      { kind: 'temporal', confidence: 0.85, violationIds: ['1', '2', '3'], from: 0, to: 60 },
    ]);
    expect(kinds([violation('1', 'a', 0), violation('2', 'b', 30), violation('3', 'c', 61)])).toEqual([]);
  });

  test('three violations of one component are spatial, however far apart', () => {
    const facts = [
      violation('1', 'a', 0),
      violation('2', 'a', 500),
      violation('3', 'a', 1000),
      violation('4', 'b', 1500),
    ];
    expect(findPatterns(facts)).toMatchObject([{ kind: 'spatial', confidence: 0.8, components: ['a'] }]);
  });

  test('more than eight violations in five minutes are a frequency anomaly', () => {
    const facts = Array.from({ length: 9 }, (_, i) => violation(String(i), `c${String(i)}`, i * 37));
    expect(kinds(facts)).toEqual(['frequency']);
    expect(kinds(facts.slice(1))).toEqual([]);
  });

  test('a learned rate decides what is frequent', () => {
    const facts = Array.from({ length: 9 }, (_, i) => violation(String(i), `c${String(i)}`, i * 37));
    expect(kinds(facts, { learnedRate: 0.03 })).toEqual([]);
    expect(kinds(facts.slice(0, 4), { learnedRate: 0.0005 })).toEqual(['frequency']);
  });

  test('a callee whose series leads that of its caller is the upstream cause', () => {
    const upstream = series('store', 'latency_p95', 0.1, 0, 4);
    const values = Array.from(upstream.values, (_, i) => 3 * (upstream.values[Math.max(0, i - 2)] ?? 0));
    const downstream = { ...upstream, component: 'web', values };
    const facts = [violation('1', 'store', INCIDENT_AT), violation('2', 'web', INCIDENT_AT + 100)];
    const topology = { edges: [{ from: 'web', to: 'store' }] };
    expect(findPatterns(facts, { series: [upstream, downstream], topology })).toMatchObject([
      { kind: 'causal', confidence: 0.75, components: ['store', 'web'] },
    ]);
    const apart = { edges: [{ from: 'web', to: 'other' }] };
    expect(kinds(facts, { series: [upstream, downstream], topology: apart })).toEqual([]);
  });

  test('without a call graph the series that leads is the upstream cause', () => {
    const upstream = series('store', 'latency_p95', 0.1, 0, 4);
    const values = Array.from(upstream.values, (_, i) => 3 * (upstream.values[Math.max(0, i - 2)] ?? 0));
    const facts = [violation('1', 'store', INCIDENT_AT), violation('2', 'web', INCIDENT_AT + 100)];
    expect(findPatterns(facts, { series: [{ ...upstream, component: 'web', values }, upstream] })).toMatchObject([
      { kind: 'causal', components: ['store', 'web'] },
    ]);
  });

  test('violations on one host out of many stand out, those spread evenly do not', () => {
    const hosts = Array.from({ length: 30 }, (_, i) =>
      series(`c${String(i)}`, 'up', 1, 0, i + 1, { host: `h${String(i % 10)}` }),
    );
    const onOne = ['c3', 'c13', 'c23'].map((component, i) => violation(component, component, i * 1000));
    expect(findPatterns(onOne, { series: hosts })).toMatchObject([
      { kind: 'spatial', components: ['c13', 'c23', 'c3'] },
    ]);
    const spread = ['c1', 'c2', 'c3', 'c4'].map((component, i) => violation(component, component, i * 1000));
    expect(findPatterns(spread, { series: hosts })).toEqual([]);
  });

  test('does not depend on the order of the violations, and ignores those after now', () => {
    const facts = Array.from({ length: 20 }, (_, i) => violation(String(i), `c${String(i % 3)}`, i * 20));
    expect(findPatterns(facts.toReversed())).toEqual(findPatterns(facts));
    expect(findPatterns(facts, { now: 20 })).toEqual([]);
  });

  test('takes time linear in the violations', () => {
    const many = Array.from({ length: 50_000 }, (_, i) => violation(String(i), `c${String(i % 1000)}`, i));
    const started = performance.now();
    expect(findPatterns(many).length).toBeGreaterThan(1000);
    expect(performance.now() - started).toBeLessThan(8000);
  });
});
