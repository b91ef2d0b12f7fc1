import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Executors in processes of their own, each started again whenever it ends, as a supervisor does. */
export interface ExecutorProcesses {
  /** SIGKILL to one of them; false when it was gone already. */
  kill(index: number): boolean;
  /** Stands still for a while, as a machine that swaps does, and goes on where it stood. */
  suspend(index: number, milliseconds: number): Promise<void>;
  end(): void;
}

export function startExecutorProcesses(count: number, environment: NodeJS.ProcessEnv): ExecutorProcesses {
  let isOver = false;
  const children: ChildProcess[] = [];
  const supervise = (index: number): void => {
    const child = fork(main, [], { env: environment, stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
    children[index] = child;
    child.once('exit', () => {
      if (!isOver) supervise(index);
    });
  };
  for (let index = 0; index < count; index += 1) supervise(index);
  return {
    kill: (index) => children[index]?.kill('SIGKILL') === true,
    async suspend(index, milliseconds) {
      const child = children[index];
      child?.kill('SIGSTOP');
      await pause(milliseconds);
      child?.kill('SIGCONT');
    },
    end() {
      isOver = true;
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
