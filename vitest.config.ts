import { defineConfig } from 'vitest/config';

const loop = ['tests/{closed-loop,chaos}/**/*.test.ts'];

export default defineConfig({
  test: {
    globalSetup: ['packages/stack/src/testing/global-setup.ts'],
    expect: { poll: { timeout: 10_000 } },
    // The long forms try tens of thousands of cases.
    testTimeout: process.env.CHARTER_FULL === '1' ? 900_000 : 20_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['{packages,apps,examples,simulation,tests}/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...loop],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Each file runs a whole installation, and mostly waits for it: two side by side, when the parts are through.
        extends: true,
        test: { name: 'loop', include: loop, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
