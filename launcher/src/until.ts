/** Asks again and again until the answer is yes. @throws Error that says what did not come, after `timeoutMs` */
export async function until(
  holds: () => Promise<boolean>,
  { timeoutMs, missing }: { timeoutMs: number; missing: () => string },
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(missing());
    await new Promise((next) => setTimeout(next, askAgainMs));
  }
}

const askAgainMs = 100;
