import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{packages,apps,examples,launcher,tests}/**/*.test.ts'],
    globalSetup: ['packages/stack/src/testing/global-setup.ts'],
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
