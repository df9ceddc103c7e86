import { setTimeout as sleep } from 'node:timers/promises';
import { DevboxFiles } from '../../../../src/core/files/devboxFiles';
import { ExecutionCommands } from '../../../../src/core/channel/executionCommands';
import { apiTransfer } from '../../../../src/core/files/fileTransfer';
import type { RunloopApi } from '../../../../src/core/platform/runloopApi';

/** A signal that never ends. */
export const { signal } = new AbortController();

/** A running devbox with its files, and bash in it to look at them by another way. */
export interface FilesDevbox {
  readonly id: string;
  readonly files: DevboxFiles;
  readonly commands: ExecutionCommands;
  readonly bash: (command: string) => Promise<string>;
}

export async function filesDevbox(api: RunloopApi, name = 'files'): Promise<FilesDevbox> {
  const { id } = await api.devboxes.create({ name }, { requestId: crypto.randomUUID() });
  await api.devboxes.waitForStatus(id, ['running'], 20);
  return filesIn(api, id);
}

/** The same of a devbox that is there. */
export function filesIn(api: RunloopApi, id: string): FilesDevbox {
  const commands = new ExecutionCommands(api, id);
  const files = new DevboxFiles({ devboxId: id, commands, transfer: apiTransfer(api), requireRunning: () => sleep(0) });
  const bash = async (command: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await commands.run(command, { signal, deadlineMs: 30_000 });
    if (exitCode !== 0) throw new Error(`${exitCode}: ${Buffer.from(stderr).toString()}`);
    return Buffer.from(stdout).toString();
  };
  return { id, files, commands, bash };
}

/** A content of one piece. */
export function content(text: string | Buffer): { size: number; bytes: Buffer[] } {
  const bytes = Buffer.from(text);
  return { size: bytes.length, bytes: bytes.length === 0 ? [] : [bytes] };
}
