import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalPause } from '../ports.ts';

/** `$CHARTER_STATE_DIR/pause`: while it exists nothing acts on this host, whatever else is up or down. */
export function pauseFile(stateDir: string): LocalPause {
  const path = join(stateDir, 'pause');
  return {
    async isPaused() {
      try {
        await access(path);
        return true;
      } catch (error) {
        const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
        return !isAbsent; // a file that cannot be looked at stops as well
      }
    },
  };
}
