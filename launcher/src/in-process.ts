import type { Environment, RunningService } from '@charter/service';
import type { ServiceName } from './services.ts';

type Start = (environment: Environment) => Promise<RunningService>;

/** Loaded only when asked for: separate processes need none of it. */
const starts: Record<ServiceName, () => Promise<Start>> = {
  charter: async () => (await import('@charter/app-charter')).startCharter,
  orchestrator: async () => (await import('@charter/app-orchestrator')).startOrchestrator,
  knowledge: async () => (await import('@charter/app-knowledge')).startKnowledge,
  execute: async () => (await import('@charter/app-execute')).startExecute,
  plan: async () => (await import('@charter/app-plan')).startPlan,
  analyze: async () => (await import('@charter/app-analyze')).startAnalyze,
  monitor: async () => (await import('@charter/app-monitor')).startMonitor,
  console: async () => (await import('@charter/app-console')).startConsole,
  testbed: async () => (await import('@charter/app-testbed')).startTestbed,
};

/** Starts services in this very process, in order. When one cannot start, those before it are closed. */
export async function startInProcess(
  names: readonly ServiceName[],
  environment: Environment,
): Promise<RunningService[]> {
  const running: RunningService[] = [];
  try {
    for (const name of names) running.push(await (await starts[name]())(environment));
    return running;
  } catch (error) {
    for (const service of running.toReversed()) await service.close();
    throw error;
  }
}
