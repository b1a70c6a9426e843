export type { CommandContext } from "./context.js";
export { exitCodeOf, exitCodes } from "./exit-codes.js";
export { main, runProcess } from "./main.js";
export type { Terminal } from "./terminal.js";
