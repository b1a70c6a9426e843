/** The stylesheet of every report: light and dark, phone and print. No url(), no @import. */
export const style = `
:root {
  color-scheme: light dark;
  --bg: #fdfdfc; --ink: #1c2330; --soft: #5b6474; --line: #dfe2e7; --card: #ffffff; --accent: #a3340f;
  --mark: #fff3d6;
}
.c0 { --c: #0072b2 } .c1 { --c: #d55e00 } .c2 { --c: #009e73 } .c3 { --c: #4ea5d9 }
.c4 { --c: #b0558f } .c5 { --c: #b58900 } .c6 { --c: #6a51a3 } .c7 { --c: #6b7280 }
@media screen and (prefers-color-scheme: dark) {
  :root {
    --bg: #14171c; --ink: #e6e9ee; --soft: #9aa4b2; --line: #313842; --card: #1b1f26; --accent: #ff9d6b;
    --mark: #3a3016;
  }
  .c0 { --c: #5ab4ec } .c1 { --c: #ff8f4d } .c2 { --c: #2fc79b } .c3 { --c: #a5d8f5 }
  .c4 { --c: #e191c4 } .c5 { --c: #e8c547 } .c6 { --c: #b3a1e6 } .c7 { --c: #aab2bf }
}
* { box-sizing: border-box }
body {
  margin: 0; background: var(--bg); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
header p { color: var(--soft); margin: 0.2rem 0 0 }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 }
h2 { font-size: 1.15rem; margin: 0 0 0.3rem }
h3 { font-size: 1rem; margin: 1rem 0 0.2rem }
section {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1rem 1.1rem; margin: 1.1rem 0;
}
section > p { margin: 0.3rem 0 0.7rem; color: var(--soft); max-width: 50rem }
.said p { color: var(--ink); margin: 0.35rem 0 }
.note { background: var(--mark); color: var(--ink); border-radius: 6px; padding: 0.4rem 0.6rem }
.scroll {
  overflow-x: auto;
  background:
    linear-gradient(to right, var(--card) 50%, transparent) 0 0 / 2.5rem 100% no-repeat local,
    linear-gradient(to left, var(--card) 50%, transparent) 100% 0 / 2.5rem 100% no-repeat local,
    linear-gradient(to right, var(--line), transparent) 0 0 / 0.9rem 100% no-repeat scroll,
    linear-gradient(to left, var(--line), transparent) 100% 0 / 0.9rem 100% no-repeat scroll;
}
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; width: 100% }
th, td { padding: 0.32rem 0.6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
tbody tr:last-child > * { border-bottom: 0 }
.best { font-weight: 700 }
.facts td { text-align: left; white-space: normal; overflow-wrap: anywhere }
.facts th { text-align: left; vertical-align: top; font-weight: 600; color: var(--soft) }
.dot { display: inline-block; width: 0.7em; height: 0.7em; border-radius: 50%; background: var(--c); margin-right: 0.4em }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; font-size: 0.9rem; margin: 0.3rem 0 }
svg { width: 100%; height: auto; display: block; font: 12px system-ui, sans-serif }
svg text { fill: var(--ink) }
svg .soft { fill: var(--soft) }
svg .end { text-anchor: end } svg .mid { text-anchor: middle }
svg .bold { font-weight: 600 }
svg .grid { stroke: var(--line); stroke-width: 1 }
svg .axis { stroke: var(--soft); stroke-width: 1 }
svg .line { stroke: var(--c); fill: none; stroke-width: 2.4; stroke-linejoin: round }
svg .thin { stroke: var(--c); fill: none; stroke-width: 1; opacity: 0.4 }
svg .dash { stroke-dasharray: 4 4 }
svg .fill { fill: var(--c) }
svg .ring { fill: var(--card); stroke: var(--c); stroke-width: 2 }
svg .shade { fill: var(--accent) }
svg .outline { fill: none; stroke: var(--soft) }
svg .ink { stroke: var(--ink); fill: none }
.phase0 { --c: #8fa3b8 } .phase1 { --c: #56b4e9 } .phase2 { --c: #e69f00 } .phase3 { --c: #4d7ea8 }
@media screen and (prefers-color-scheme: dark) { .phase3 { --c: #7aa9d1 } }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 0.5rem 1.5rem }
.narrow { display: none }
.said ul { margin: 0.4rem 0 0; padding-left: 1.2rem; color: var(--soft); font-size: 0.92rem }
details { margin: 0.6rem 0 0 } summary { cursor: pointer; font-weight: 600 }
pre { overflow-x: auto; font: 0.82rem/1.5 ui-monospace, Consolas, monospace; margin: 0.5rem 0 0 }
@media (max-width: 640px) {
  main { padding: 1rem 0.6rem 3rem }
  section { padding: 0.8rem 0.7rem }
  .wide { display: none } .narrow { display: block }
  .two { grid-template-columns: 1fr }
  table { font-size: 0.82rem } th, td { padding: 0.3rem 0.4rem }
  h1 { font-size: 1.3rem }
}
@media print {
  :root { color-scheme: light; --mark: #fff3d6; --bg: #fff; --ink: #000; --soft: #444; --line: #ccc; --card: #fff }
  body { font-size: 11pt }
  main { max-width: none; padding: 0 }
  section { border: 0; padding: 0; margin: 0.8rem 0; break-inside: avoid }
  section.long { break-inside: auto }
  .wide { display: block } .narrow { display: none }
  .scroll { overflow: visible; background: none }
  table { font-size: 8.5pt } th, td { white-space: normal; padding: 0.15rem 0.3rem }
  details::details-content { content-visibility: visible; display: block }
}
`;
