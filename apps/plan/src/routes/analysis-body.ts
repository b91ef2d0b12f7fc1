import { Analysis, Evidence, Pattern, RootCause, Suppression, Violation } from '@charter/shared/contracts';
import { z } from 'zod';

/** An analysis as a person sends it: the contract, with unknown fields refused at every depth. */
export const AnalysisBody = Analysis.extend({
  violations: z
    .array(Violation.extend({ suppressed: Suppression.strict().nullable() }).strict())
    .min(1)
    .max(500),
  patterns: z.array(Pattern.strict()).max(50),
  rootCauses: z.array(RootCause.extend({ evidence: z.array(Evidence.strict()).max(50) }).strict()).max(50),
}).strict();
