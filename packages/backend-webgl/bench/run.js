// Runs page.js in headless Chromium with software GL and prints a Markdown table; with --serve, prints an address
// for a browser with a real GPU instead.
import { chromium } from "playwright-core";
import { serve, softwareGl } from "./serve.js";

const body = `<h1>Milliseconds of a training step</h1><pre id="out">running…\n</pre><script type="module">
  import { run } from "/backend-webgl/bench/page.js";
  globalThis.bench = run;
  if (!navigator.webdriver) {
    const out = document.querySelector("#out");
    const say = (value) => (out.textContent += JSON.stringify(value) + "\\n");
    run(say).then(({ device, browser, longest }) => say({ device, browser, longest }), (e) => say(String(e)));
  }
</script>`;

const server = await serve(body);
if (process.argv.includes("--serve")) {
  console.log(`Open ${server.origin} in a browser. Ctrl+C ends it.`);
} else {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: [...softwareGl] });
  try {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/?ms=500`);
    await page.waitForFunction("globalThis.bench");
    print(await page.evaluate("globalThis.bench()"));
  } finally {
    await browser.close();
    await server.close();
  }
}

function print({ device, browser, rows, longest }) {
  console.log(`${device}\n${browser}\n`);
  console.log("| model | sizes | batch | webgl | wasm | typescript | fastest |");
  console.log("| --- | --- | --: | --: | --: | --: | --- |");
  const ms = (value) => value.toPrecision(2);
  for (const { model, sizes, batchSize, webgl, wasm, typescript, fastest } of rows)
    console.log(
      `| ${model} | ${sizes.join(" × ")} | ${batchSize} | ${[webgl, wasm, typescript].map(ms).join(" | ")} | ${fastest} |`,
    );
  console.log(`\nLongest time without an answer of the page: ${longest.toFixed(0)} ms`);
}
