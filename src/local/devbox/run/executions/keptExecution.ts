import * as z from 'zod';
import type { TableShape } from '../../../store/recordTable';
import type { Execution } from './execution';
import type { KnownExecution, Output, OutputChunk, OutputTail } from './knownExecution';

/** Characters that are kept of each output of an execution, from its end. */
const keptCharacters = 64 * 1024;
/** Lines that are kept at most. */
const keptLines = 10_000;

const outputRecord = z.object({
  text: z.string(),
  /** True if more was written than is kept. */
  truncated: z.boolean(),
});

/** What the store keeps of an execution, so that its outcome is known when platform or devbox have ended. */
const executionRecord = z.object({
  /** Of devbox and execution: callers choose ids of executions themselves. */
  id: z.string(),
  devboxId: z.string(),
  shellName: z.string().optional(),
  /** Undefined while it has not ended. */
  exitStatus: z.number().optional(),
  stdout: outputRecord,
  stderr: outputRecord,
});

export type ExecutionRecord = z.infer<typeof executionRecord>;

export const executionTable: TableShape<ExecutionRecord> = {
  table: 'executions',
  schema: executionRecord,
  columns: (record) => ({ name: record.devboxId, status: record.exitStatus === undefined ? 'running' : 'completed' }),
};

/** The id under which an execution is kept. */
export function keptId(devboxId: string, executionId: string): string {
  return `${devboxId}/${executionId}`;
}

/** An execution as it is kept, running or completed. */
export async function recordOf(devboxId: string, execution: Execution): Promise<ExecutionRecord> {
  const empty = { text: '', truncated: false };
  const isCompleted = execution.status === 'completed';
  const [stdout, stderr] = isCompleted
    ? await Promise.all([execution.stdout, execution.stderr].map((output) => output.tail(keptLines)))
    : [];
  return {
    id: keptId(devboxId, execution.id),
    devboxId,
    shellName: execution.request.shellName,
    exitStatus: execution.exitStatus,
    stdout: stdout === undefined ? empty : shortened(stdout),
    stderr: stderr === undefined ? empty : shortened(stderr),
  };
}

/** The record of an execution that ended with its platform, which nobody could say then. */
export function lost(record: ExecutionRecord): ExecutionRecord {
  const text = `${record.stderr.text}The local platform was ended without a warning while this command ran, and the command with it. What it had written is lost.\n`;
  return {
    ...record,
    exitStatus: 137,
    stdout: { ...record.stdout, truncated: true },
    stderr: { text, truncated: true },
  };
}

function shortened({ text, truncated }: OutputTail): OutputTail {
  return text.length > keptCharacters ? { text: text.slice(-keptCharacters), truncated: true } : { text, truncated };
}

/** A kept execution, to be looked at: nothing can be done to it any more. */
export class KeptExecution implements KnownExecution {
  readonly id: string;
  readonly request: { readonly shellName: string | undefined };
  readonly status = 'completed';
  readonly exitStatus: number | undefined;
  readonly completed = Promise.resolve();
  readonly stdout: Output;
  readonly stderr: Output;

  constructor(id: string, record: ExecutionRecord) {
    this.id = id;
    this.request = { shellName: record.shellName };
    this.exitStatus = record.exitStatus;
    this.stdout = new KeptOutput(record.stdout);
    this.stderr = new KeptOutput(record.stderr);
  }

  kill(): void {
    // It has ended: harmless, as for every completed execution.
  }

  interrupt(): boolean {
    return false;
  }

  sendText(): Promise<boolean> {
    return Promise.resolve(false);
  }

  endInput(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

/** What is kept of an output. */
class KeptOutput implements Output {
  readonly #kept: OutputTail;

  constructor(kept: OutputTail) {
    this.#kept = kept;
  }

  tail(lines: number): Promise<OutputTail> {
    const { text, truncated } = this.#kept;
    const all = text.split(/(?<=\n)/);
    return Promise.resolve(
      all.length <= lines ? { text, truncated } : { text: all.slice(-lines).join(''), truncated: true },
    );
  }

  async *follow(from: number): AsyncGenerator<OutputChunk> {
    const bytes = Buffer.from(this.#kept.text);
    if (from < bytes.length) {
      yield await Promise.resolve({ output: bytes.toString('utf8', from), offset: bytes.length });
    }
  }
}
