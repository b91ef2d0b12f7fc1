import { CharterError } from '@charter/shared/contracts';

/** What was read; null when whoever was asked did not answer. A target that is declared wrongly still throws. */
export async function unlessAway<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof CharterError && error.retryable) return null;
    throw error;
  }
}
