import { writeFile } from 'node:fs/promises';
import { checkWayBack, readAlertmanager, receiverSnippet } from './check-directions.ts';
import { firstPack } from './first-pack.ts';
import type { InitOptions } from './init-options.ts';
import { componentLabelOf, readPrometheus } from './read-prometheus.ts';
import { splitComparison } from './split-comparison.ts';

/**
 * Meets an installation that already runs: reads it, writes a first pack that only observes, says what to paste, and checks
 * both directions. @returns whether both work. @throws InitError with a plain reason
 */
export async function init(options: InitOptions, report: (line: string) => void): Promise<boolean> {
  const prometheus = { name: 'Prometheus', url: options.prometheus };
  const alertmanager = { name: 'Alertmanager', url: options.alertmanager };
  const monitor = { name: 'Monitor', url: options.monitor };

  const seen = await readPrometheus(prometheus);
  const { version, config } = await readAlertmanager(alertmanager);
  report(`Prometheus     ${options.prometheus}: ${plural(seen.rules.length, 'alerting rule')}`);
  for (const { name, instances, down } of seen.components) {
    report(
      `               scrapes ${name}: ${plural(instances, 'instance')}${down > 0 ? `, ${String(down)} down` : ''}`,
    );
  }
  report(`Alertmanager   ${options.alertmanager}: version ${version}`);

  const rules = await Promise.all(
    seen.rules.map(async (rule) => {
      const comparison = splitComparison(rule.query);
      return { ...rule, componentLabel: comparison && (await componentLabelOf(prometheus, comparison.query)) };
    }),
  );
  const pack = firstPack(rules, seen.components, options.environment);
  await writeFile(options.out, pack.yaml);
  report('');
  report(`Wrote ${options.out}: ${String(pack.queries)} rules that Charter asks Prometheus for, and`);
  report(`${String(pack.matchers)} that it takes from alerts. It only observes.`);
  for (const line of pack.left) report(`Left out       ${line}`);
  report('');
  report(
    'To activate it: docs/guides/existing-installation.md, or start the charter with CHARTER_PACK set to this file.',
  );
  report('');
  report('Paste this into the configuration of Alertmanager and reload it:');
  report('');
  report(receiverSnippet(options.monitor));
  report('');
  report('Charter to Prometheus and Alertmanager: works');
  const back = await checkWayBack(alertmanager, monitor, config, options.waitSeconds);
  report(`Alertmanager to Charter: ${back.works ? 'works, ' : 'not yet, '}${back.said}`);
  return back.works;
}

const plural = (count: number, noun: string): string => `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
