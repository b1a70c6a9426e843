import type { HeadRun } from "@glai/engine";
import type { z } from "zod";
import type { runSchema } from "../schemas/train.js";
import { certificateDocument } from "./certificate.js";

type RunDocument = z.infer<typeof runSchema>;

/** What `train` and `compare` have in common about one run. */
export function runDocument(run: HeadRun): RunDocument {
  const { seed, score, bestEpoch, epochs, reducedEpochs, stop, seconds, certificate } = run;
  const { solver, search } = run;
  return {
    seed,
    score,
    bestEpoch,
    epochs,
    reducedEpochs,
    stop,
    seconds: { ...seconds },
    certificate: certificate === undefined ? null : certificateDocument(certificate),
    solver:
      solver === undefined
        ? null
        : {
            ...solver,
            penaltyPath: solver.penaltyPath.map((step) => ({ ...step })),
            leaveOneOut: solver.leaveOneOut === undefined ? null : { ...solver.leaveOneOut },
          },
    search: search === undefined ? null : { ...search },
  };
}
