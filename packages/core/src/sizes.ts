/** Layer widths `[n0, n1, …, nL, nL+1]`: inputs, hidden layers, outputs. A linear head has no hidden layer. */
export type Sizes = readonly number[];
