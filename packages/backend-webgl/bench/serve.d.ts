export function serve(body: string): Promise<{ readonly origin: string; close(): Promise<void> }>;
export const softwareGl: readonly string[];
