/** Markdown of the table of steps and epochs. */
export declare function stepTable(): string;
