// Bundles the page into ../assets/app. The output depends on the sources and package-lock.json alone.
import { copyFile } from "node:fs/promises";
import { build } from "esbuild";

process.chdir(import.meta.dirname);
await build({
  entryPoints: { app: "src/main.tsx" },
  outdir: "../assets/app",
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".svg": "text" },
});
await copyFile("src/mark.svg", "../assets/app/mark.svg");
