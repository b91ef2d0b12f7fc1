import type { Report } from '@charter/stack';
import { healInFrontOfYou } from './demo.ts';
import { activateDemoPack } from './demo-pack.ts';
import { type Installation, startInstallation } from './installation.ts';
import type { StartOptions } from './options.ts';

/** In the demo everything is observed more often and told sooner than the defaults say. */
const demoCycle = '5s';
const demoSettings = { MONITOR_RENOTIFY: '10s' };

/** Starts the whole installation with its pack. @throws StackError with one plain line; nothing is left running */
export async function install(
  options: StartOptions,
  processEnvironment: Readonly<Record<string, string | undefined>>,
  report: Report,
): Promise<Installation> {
  const isOwn = Object.keys(options.external).length === 0;
  return startInstallation({
    ...options,
    report,
    processEnvironment,
    environmentName: processEnvironment.CHARTER_ENVIRONMENT ?? 'demo',
    cycleInterval: options.cycleInterval ?? (options.demo ? demoCycle : null),
    // somebody else's system is only observed until a person says otherwise
    settings: { ...demoSettings, CHARTER_AUTOMATION: isOwn ? 'auto' : 'observe' },
    async whenCharterReady(url) {
      const isNew = await activateDemoPack(url('charter'), url('testbed'));
      report(isNew ? 'The demo pack is active (deploy/packs/demo.yaml)' : 'The pack that was active stays active');
      if (!isOwn) report('An external server is used: Charter only observes. PUT /api/v1/automation changes that.');
    },
  });
}

/** Shows one heal, when asked for, and where everything is. */
export async function present(
  installation: Installation,
  options: Pick<StartOptions, 'demo'>,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  if (options.demo) await demonstrate(installation, report, signal);
  tellAddresses(installation, report);
}

async function demonstrate(installation: Installation, report: Report, signal: AbortSignal): Promise<void> {
  const { outcome, seconds, incidentId } = await healInFrontOfYou(installation, report, signal);
  report(`Outcome: ${outcome}, ${seconds.toFixed(1)} s after the fault was opened`);
  report(`The whole story: ${installation.url('orchestrator')}/api/v1/incidents/${incidentId}`);
}

function tellAddresses({ url, stack }: Installation, report: Report): void {
  report('');
  report(`Console        ${url('console')}`);
  report(`Queues         ${url('console')}/queues`);
  report(`Incidents      ${url('orchestrator')}/api/v1/incidents`);
  report(`Testbed        ${url('testbed')}/api/v1/state`);
  for (const name of ['charter', 'orchestrator', 'monitor', 'analyze', 'plan', 'execute', 'knowledge'] as const) {
    report(`${name.padEnd(14)} ${url(name)}/docs`);
  }
  report(`Prometheus     ${stack.urls.prometheus}`);
  report(`Alertmanager   ${stack.urls.alertmanager}`);
  report('');
  report('Break something else: curl -X POST -H "content-type: application/json" \\');
  report(
    `  -d '{"kind":"noisy_neighbor","component":"catalog","intensity":0.8,"durationSeconds":120}' ${url('testbed')}/api/v1/faults`,
  );
  report('Ctrl-C stops everything.');
}
