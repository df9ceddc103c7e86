/*
 * A plain Node program that starts one devbox, over the same code as the extension. The campaign `kills` gives it an order on its
 * standard input, and kills it. It prints a line when it begins, and one that says how the start ended.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { RuntimeError } from '../../../src/core/errors';
import { asNumber, asObject, asString, parseJson } from '../../../src/core/parse';
import type { SentRequest } from '../../../src/core/platform/apiCalls';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../../src/core/runtime/runloopRuntime';
import { StartNotes } from '../../../src/core/start/notes/startNotes';
import { startPlainDevbox } from '../../../src/core/start/plainDevbox';

const order = asObject(parseJson(await text(process.stdin))) ?? {};
const word = (name: string): string => asString(order[name]) ?? '';
const account = { apiKey: word('apiKey'), baseUrl: word('baseUrl') };
const startNotes = new StartNotes({
  folder: word('notes'),
  onFailure: (error) => process.stderr.write(`${String(error)}\n`),
  handOver: (id) => writeFile(join(word('taken'), id), ''),
});
const stop = new AbortController();
const print = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
/** A moment from which kills and cancels are counted: `begins`, or `sent`, when the first create goes out. */
const reached = (moment: string): void => {
  print({ reached: moment });
  const cancelAfterMs = asNumber(order['cancelAfterMs']);
  if (cancelAfterMs !== undefined && moment === word('countedFrom')) setTimeout(() => stop.abort(), cancelAfterMs);
};
let isSent = false;
const onRequest = ({ method, path }: SentRequest): void => {
  if (isSent || method !== 'post' || path !== '/v1/devboxes') return;
  isSent = true;
  reached('sent');
};

reached('begins');
try {
  let id: string | undefined;
  if (order['plain'] === true) {
    const choices = { source: { kind: 'plain' }, size: 'SMALL', endRule: { kind: 'lifetime', seconds: 600 } } as const;
    const options = { signal: stop.signal, startNotes };
    ({ id } = await startPlainDevbox(new RunloopApi(account, onRequest), word('name'), choices, options));
  } else {
    const runtime = new RunloopRuntime({
      ...account,
      sid: word('name'),
      reuseExisting: false,
      headlessMode: true,
      plugins: [],
      startNotes,
    });
    runtime.onEvent((event) => {
      if (event.type === 'request') onRequest(event.request);
    });
    await runtime.connect({ signal: stop.signal });
    id = runtime.devbox?.id;
    await runtime.close({ mode: 'keep' });
  }
  print({ outcome: 'ready', id });
} catch (error) {
  if (!RuntimeError.is(error)) throw error;
  print({ outcome: error.code, id: error.devboxId, message: error.message });
}
process.exit();
