/** Markdown of the table of steps and epochs. */
export declare function stepTable(): string;
/** Markdown of the floors of single kernels. */
export declare function kernelTable(): string;
