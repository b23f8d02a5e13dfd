// Writes templates/static from this folder. Run by `make assets`; its output is committed, so nobody else needs node.
import { writeFile, copyFile } from "node:fs/promises";
import { build, transform } from "esbuild";
import { compile } from "sass";

const here = new URL(".", import.meta.url);
const out = new URL("../static/", here);
const BROWSERS = ["chrome109", "firefox115", "safari15.4"];

// One stylesheet for both directions of writing: sides become starts and ends.
const sides = (css) =>
  css
    .replace(/\b(margin|padding)-left\b/g, "$1-inline-start")
    .replace(/\b(margin|padding)-right\b/g, "$1-inline-end")
    .replace(/\bborder-left(-width|-color|-style)?:/g, "border-inline-start$1:")
    .replace(/\bborder-right(-width|-color|-style)?:/g, "border-inline-end$1:")
    .replace(/text-align:\s*left\b/g, "text-align:start")
    .replace(/text-align:\s*right\b/g, "text-align:end");

const { css } = compile(new URL("countersign.scss", here).pathname, {
  loadPaths: [new URL("../node_modules/govuk-frontend/dist", here).pathname],
});
const small = await transform(sides(css), { loader: "css", minify: true, target: BROWSERS, legalComments: "none" });
await writeFile(new URL("countersign.css", out), small.code);

await build({
  entryPoints: [new URL("countersign.js", here).pathname],
  outfile: new URL("countersign.js", out).pathname,
  bundle: true,
  format: "esm",
  minify: true,
  target: BROWSERS,
  legalComments: "none",
});
for (const name of ["mark.svg", "return.js", "signed-out.js"]) await copyFile(new URL(name, here), new URL(name, out));
