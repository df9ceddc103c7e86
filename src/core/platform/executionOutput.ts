import { withDeadline } from '../../ground/deadline';
import { asNumber, asObject, asString, parseJson } from '../parse';
import { textIn } from './answers';
import { idInPath } from './devboxId';
import { jsonIn, openLog, type ReadLogOptions } from './logRequest';
import type { RunloopApi } from './runloopApi';
import { openStream, readEvents } from './serverSentEvents';

export type OutputName = 'stdout' | 'stderr';

/** A piece of one output of an execution. */
export interface OutputPiece {
  readonly text: string;
  /** The number of bytes that the server told with it, where it did (contract §2.11). */
  readonly offset: number | undefined;
}

export interface ReadOutputOptions extends ReadLogOptions {
  /** Bytes that are known already: the stream begins behind them. */
  readonly from: number;
  /** Told when the server has agreed to send the stream. */
  readonly onOpen: () => void;
}

function executionPath(devboxId: string, executionId: string): string {
  return `${idInPath(devboxId)}/executions/${encodeURIComponent(executionId)}`;
}

/**
 * One output of an execution from a byte on, then live, until the server ends the stream. That end may be a cut:
 * {@link executionCompleted} tells.
 *
 * @throws StreamUnavailable if the server does not offer it, or no longer knows the execution; RuntimeError if it
 *   refuses; Error with a Node code on a cut
 */
export async function* streamOutput(
  api: RunloopApi,
  {
    devboxId,
    executionId,
    name,
  }: { readonly devboxId: string; readonly executionId: string; readonly name: OutputName },
  options: ReadOutputOptions,
): AsyncGenerator<OutputPiece> {
  const path = `${executionPath(devboxId, executionId)}/stream_${name}_updates?offset=${options.from}`;
  const response = await openStream(api, path, devboxId, options);
  options.onOpen();
  for await (const batch of readEvents(response, options.onBytes)) {
    for (const { json } of batch) {
      const event = asObject(parseJson(json));
      const text = asString(event?.['output']);
      if (text !== undefined) yield { text, offset: asNumber(event?.['offset']) };
    }
  }
}

/**
 * True if an execution has ended, or is not known any more: nothing comes after what its streams have given.
 *
 * @throws RuntimeError; Error with a Node code on a cut
 */
export async function executionCompleted(
  api: RunloopApi,
  devboxId: string,
  executionId: string,
  options: ReadLogOptions,
): Promise<boolean> {
  return withDeadline(30_000, options.signal, async (signal) => {
    // One line of its output: the answer is about its status.
    const path = `${executionPath(devboxId, executionId)}?last_n=1`;
    const response = await openLog(api, path, devboxId, { ...options, signal }, { accept: 'application/json' });
    if (response.statusCode === 404) {
      response.destroy();
      return true;
    }
    return textIn(await jsonIn(response, 'an execution', options), 'status', 'an execution', devboxId) === 'completed';
  });
}
