// Builds the pages into the package's resources, with the licences of the packages inside them.

import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../livekit_plugins_avatar/resources/web");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { page: "src/main.ts", style: "src/style.css", viewer: "src/viewer.ts", filmworker: "src/filmworker.ts" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  // Both pages share LiveKit's client.
  splitting: true,
  chunkNames: "shared-[hash]",
  // Chrome 111, Firefox 113 and Safari 16.4 are the first with everything the style sheet uses.
  target: ["chrome111", "firefox113", "safari16.4"],
  legalComments: "none",
  logLevel: "warning",
});
for (const name of ["index.html", "viewer.html"]) await copyFile(join(here, "src", name), join(out, name));
await writeFile(join(out, "licences.txt"), await licences());

for (const name of (await readdir(out)).sort()) {
  const { size } = await stat(join(out, name));
  console.log(`${name.padEnd(20)} ${(size / 1024).toFixed(1).padStart(7)} KiB`);
}

/** The licences of all that may be in the scripts: every package of the lock file that is no tool. */
async function licences() {
  const lock = JSON.parse(await readFile(join(here, "package-lock.json"), "utf8"));
  const roots = Object.entries(lock.packages)
    .filter(([root, entry]) => root !== "" && !entry.dev)
    .map(([root]) => root);
  const texts = await Promise.all(roots.map((root) => licence(join(here, root))));
  return `The pages contain code of these packages.\n\n${texts.join("\n")}`;
}

async function licence(root) {
  const { name, version, license } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const file = (await readdir(root)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? await readFile(join(root, file), "utf8") : "";
  return `${"=".repeat(72)}\n${name} ${version} (${license})\n\n${text}\n`;
}
