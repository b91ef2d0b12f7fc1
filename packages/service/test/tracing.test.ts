import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { configFrom, inSpan, ServiceConfig, tracingOf } from '../src/index.ts';
import { tracesUrl } from '../src/trace-config.ts';

const configOf = (environment: Record<string, string>) => configFrom(ServiceConfig, environment);

describe('tracing', () => {
  test.each<[Record<string, string>, string | null]>([
    [{}, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' }, 'http://collector:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector/mine' }, 'http://collector/mine'],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http://127.0.0.1:4318/v1/traces'],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, null],
    [{ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, null],
  ])('with %o sends to %s', (environment, url) => {
    expect(tracesUrl(configOf(environment))).toBe(url);
  });

  test('is nothing while it is off, and work goes on as it is', async () => {
    const tracing = await tracingOf('analyze', configOf({}));
    expect(tracing).toBeNull();
    expect(await inSpan(tracing, 'work', {}, async () => 7)).toBe(7);
  });

  test('loads no part of OpenTelemetry while it is off', () => {
    const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
    const script = `
      import { registerHooks } from 'node:module';
      registerHooks({ load(url, context, next) { if (/sdk-trace|exporter-trace/.test(url)) console.log(url); return next(url, context); } });
      const { tracingOf, configFrom, ServiceConfig } = await import(${JSON.stringify(index)});
      await tracingOf('analyze', configFrom(ServiceConfig, process.env));
    `;
    const load = (environment: Record<string, string>) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script], { env: environment, encoding: 'utf8' }).stdout;
    expect(load({})).toBe('');
    expect(load({ OTEL_TRACES_EXPORTER: 'otlp' })).toMatch(/sdk-trace/);
  });
});
