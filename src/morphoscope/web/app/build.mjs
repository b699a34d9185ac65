// Bundles the page into ../assets/app. The output depends on the sources and package-lock.json alone.
import { copyFile, rm } from "node:fs/promises";
import { build } from "esbuild";

process.chdir(import.meta.dirname);
const options = {
  outdir: "../assets/app",
  bundle: true,
  minify: true,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".svg": "text" },
};
await build({ ...options, entryPoints: { app: "src/main.tsx" }, format: "iife" });
await build({ ...options, entryPoints: { widget: "src/widget.tsx" }, format: "esm" });
await rm("../assets/app/widget.css"); // the same as app.css
await copyFile("src/mark.svg", "../assets/app/mark.svg");
