// Bundles the browser's scripts, styles and fonts into the folder given as argument.
// Names of chunks and assets carry a content hash and are cached for ever; the two entries keep their names.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const COMPRESSED = /\.(js|css|svg|json)$/;
const outdir = process.argv[2];
if (!outdir) {
  console.error("error: usage: node build.mjs OUTPUT_FOLDER");
  process.exit(2);
}

try {
  await build({
    entryPoints: ["src/main.js", "src/style.css"],
    outdir,
    bundle: true,
    format: "esm",
    splitting: true,
    minify: true,
    // Private properties of packages (xterm.js has hundreds), in one build, so that those who share them still agree.
    mangleProps: /^_[a-zA-Z]/,
    sourcemap: "linked",
    target: ["es2022", "safari16.4"],
    entryNames: "[name]",
    chunkNames: "chunks/[name]-[hash]",
    assetNames: "assets/[name]-[hash]",
    loader: { ".woff2": "file", ".woff": "empty", ".svg": "file" },
    legalComments: "linked",
    logLevel: "warning",
  });
} catch {
  process.exit(1); // esbuild has said why
}

for (const entry of readdirSync(outdir, { recursive: true })) {
  const file = join(outdir, entry);
  if (COMPRESSED.test(file)) writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
}
