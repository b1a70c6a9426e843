import { GlaiError } from "@glai/core";

/** Value and gradient of a smooth function at a point. */
export type Objective = (
  point: Float64Array,
) => Promise<{ readonly value: number; readonly gradient: Float64Array }>;

export interface LbfgsResult {
  readonly point: Float64Array;
  readonly value: number;
  readonly iterations: number;
  readonly evaluations: number;
  readonly gradientNorm: number; // largest absolute entry
  readonly converged: boolean; // gradientNorm ≤ tolerance
}

/**
 * Limited-memory BFGS (Nocedal & Wright, Numerical Optimization, algorithm 7.4) with a backtracking line
 * search on the Armijo condition; a pair with non-positive curvature is skipped. For convex objectives
 * such as softmax regression. Throws `bad-data` when the objective is not finite at the start.
 */
export async function minimizeLbfgs(
  objective: Objective,
  start: Float64Array,
  options: {
    readonly memory?: number; // pairs kept; default 10
    readonly maxIterations?: number; // default 200
    readonly tolerance?: number; // of the largest gradient entry; default 1e-5
  } = {},
): Promise<LbfgsResult> {
  const { memory = 10, maxIterations = 200, tolerance = 1e-5 } = options;
  let point: Float64Array = start.slice();
  let { value, gradient } = await objective(point);
  if (!Number.isFinite(value)) {
    throw new GlaiError(
      "bad-data",
      `Expected a finite objective at the start but it is ${value}.`,
      {
        hint: "Look for NaN or very large features.",
      },
    );
  }
  let evaluations = 1;
  const pairs: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  for (let iteration = 0; ; iteration++) {
    const gradientNorm = gradient.reduce((worst, g) => Math.max(worst, Math.abs(g)), 0);
    const converged = gradientNorm <= tolerance;
    if (converged || iteration === maxIterations) {
      return { point, value, iterations: iteration, evaluations, gradientNorm, converged };
    }
    const direction = twoLoop(gradient, pairs);
    const slope = dot(gradient, direction);
    let step = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    let next = moved(point, direction, step);
    let at = await objective(next);
    evaluations++;
    while (!(at.value <= value + 1e-4 * step * slope)) {
      step /= 2;
      if (step < 1e-12) {
        return { point, value, iterations: iteration, evaluations, gradientNorm, converged: false };
      }
      next = moved(point, direction, step);
      at = await objective(next);
      evaluations++;
    }
    const s = next.map((x, i) => x - point[i]);
    const y = at.gradient.map((g, i) => g - gradient[i]);
    const curvature = dot(s, y);
    if (curvature > 1e-12 * dot(y, y)) {
      pairs.push({ s, y, rho: 1 / curvature });
      if (pairs.length > memory) pairs.shift();
    }
    point = next;
    ({ value, gradient } = at);
  }
}

/** −H g with H the inverse Hessian that the pairs describe. */
function twoLoop(
  gradient: Float64Array,
  pairs: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  const q = gradient.map((g) => -g);
  const alphas: number[] = [];
  for (const { s, y, rho } of pairs.toReversed()) {
    const alpha = rho * dot(s, q);
    alphas.unshift(alpha);
    for (let i = 0; i < q.length; i++) q[i] -= alpha * y[i];
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const gamma = 1 / (last.rho * dot(last.y, last.y));
    for (let i = 0; i < q.length; i++) q[i] *= gamma;
  }
  pairs.forEach(({ s, y, rho }, k) => {
    const beta = rho * dot(y, q);
    for (let i = 0; i < q.length; i++) q[i] += (alphas[k] - beta) * s[i];
  });
  return q;
}

function moved(point: Float64Array, direction: Float64Array, step: number): Float64Array {
  return point.map((x, i) => x + step * direction[i]);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
