import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countLine, runMocha } from '../vscode/mochaRun';
import { suiteOnlyVariable, suiteSocketVariable } from '../vscode/suiteProtocol';
import { connectSuiteSender, type SuiteSender } from '../vscode/suiteSender';

/** Each test and hook may take this long, in milliseconds, unless it sets its own limit. */
const testLimitMs = 60_000;

/**
 * Called by VS Code inside the extension host: runs every `*.test.mjs` below this file's folder.
 * @throws Error if a test fails, which makes VS Code end with an error code
 */
export async function run(): Promise<void> {
  const folder = dirname(fileURLToPath(import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.mjs'))
    .sort()
    .map((name) => join(folder, name));
  const output = await openOutput();
  try {
    const counts = await runMocha({
      files,
      timeoutMs: testLimitMs,
      only: process.env[suiteOnlyVariable],
      color: process.env['FORCE_COLOR'] !== undefined,
      print: (text) => output.send({ type: 'line', text }),
    });
    output.send({ type: 'end', counts });
    if (counts.failed > 0 || counts.passed === 0) {
      throw new Error(countLine(counts));
    }
  } finally {
    await output.close();
  }
}

/** A desktop VS Code passes on what is logged; a web-hosted one would mix it with its own lines, hence the socket. */
async function openOutput(): Promise<SuiteSender> {
  const path = process.env[suiteSocketVariable];
  return path === undefined
    ? {
        send: (message) => console.log(message.type === 'line' ? message.text : countLine(message.counts)),
        close: () => Promise.resolve(),
      }
    : connectSuiteSender(path);
}
