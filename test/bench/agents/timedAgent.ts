// An agent that says in its frames when it wrote them, and when what it is told arrives. Run by Node in a devbox.
import { createInterface } from 'node:readline';

const write = (frame: object): boolean => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...frame })}\n`);
const said = (text: string): boolean => {
  const update = { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: `\n${text}` } };
  return write({ method: 'session/update', params: { sessionId: 'one', update } });
};
const ask = (id: number): boolean => {
  const toolCall = { toolCallId: String(id), kind: 'execute', title: 'harmless', rawInput: { command: `run ${id}` } };
  const options = [{ optionId: 'once', name: 'Once', kind: 'allow_once' }];
  return write({ id, method: 'session/request_permission', params: { sessionId: 'one', toolCall, options } });
};
let count = 0;

createInterface({ input: process.stdin }).on('line', (line) => {
  const now = performance.timeOrigin + performance.now();
  const { id, method, params } = JSON.parse(line) as { id: unknown; method?: string; params?: unknown };
  if (method === 'initialize') {
    write({ id, result: { protocolVersion: 1 } });
  } else if (method === 'session/new') {
    write({ id, result: { sessionId: 'one' } });
  } else if (method === 'session/prompt') {
    work(JSON.stringify(params));
  }
  // An answer: when it came, and the next request.
  else if (method === undefined) {
    said(`got ${now.toFixed(2)}`);
    ask((count += 1));
  }
});

/** `say N` writes N frames, one now and then; `much` writes much at once; `ask` asks and goes on asking. */
function work(prompt: string): void {
  const frames = Number(/say (\d+)/.exec(prompt)?.[1] ?? 0);
  for (let at = 0; at < frames; at += 1) setTimeout(() => said(`at ${Date.now()}`), at * 370 + ((at * 37) % 100));
  if (prompt.includes('much')) for (let at = 0; at < 500; at += 1) said(`${at} ${'word '.repeat(40)}`);
  if (prompt.includes('ask')) ask((count += 1));
}
