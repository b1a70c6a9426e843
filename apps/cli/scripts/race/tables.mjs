export function writeTables() {
  throw new Error("todo");
}
