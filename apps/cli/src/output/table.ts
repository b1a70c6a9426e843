/** A column of a text table. */
export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/** Rows under aligned titles, two spaces apart. Cells are plain text without line breaks. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map((column, j) =>
    Math.max(column.title.length, ...rows.map((row) => (row[j] ?? "").length)),
  );
  const render = (cells: readonly string[]) =>
    columns
      .map(({ align }, j) => {
        const cell = cells[j] ?? "";
        return align === "left" ? cell.padEnd(widths[j] ?? 0) : cell.padStart(widths[j] ?? 0);
      })
      .join("  ")
      .trimEnd();
  return [render(columns.map((column) => column.title)), ...rows.map(render)].join("\n");
}
