import { build } from 'esbuild';
import { content, signal, type FilesDevbox } from '../files/useFiles';

/** Puts the example agent into a devbox, where Node runs it. @returns its command */
export async function exampleAgentIn(box: FilesDevbox): Promise<readonly string[]> {
  const entryPoints = ['test/unit/core/agents/exampleAgent.ts'];
  const { outputFiles } = await build({ entryPoints, bundle: true, platform: 'node', format: 'esm', write: false });
  const source = content(Buffer.from(outputFiles[0]?.contents ?? []));
  await box.files.write('/tmp/agent.mjs', source, { create: true, overwrite: true, token: undefined, signal });
  return ['node', '/tmp/agent.mjs'];
}
