// Bundles the page into ../assets/app. The output depends on the sources and package-lock.json alone.
import { copyFile } from "node:fs/promises";
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
// One script for pages and notebooks: morphoscope.web.widget makes a module of it.
await build({ ...options, entryPoints: { app: "src/main.tsx" }, format: "iife", globalName: "Morphoscope" });
await copyFile("src/mark.svg", "../assets/app/mark.svg");
