// An agent on the protocol's own library, run by Node in a devbox. A prompt is a list of what it does, as JSON. Its word says by
// what it goes on with a session of an earlier process: `load` unless it is given, `resume`, or nothing. A
// second word is what it does at each prompt, whatever that says.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { agent, ndJsonStream, type AgentContext } from '@agentclientprotocol/sdk';

interface Step {
  readonly run?: string;
  /** Commands that are asked for at once. */
  readonly all?: readonly string[];
  readonly say?: string;
  readonly raw?: string;
  readonly open?: string;
  /** A file that is written after a yes, asked for with a diff. */
  readonly write?: { readonly path: string; readonly text: string };
}

/** Asks for a command, and runs it after a yes. */
async function asked(client: AgentContext, sessionId: string, run: string): Promise<'cancelled' | 'answered'> {
  const { outcome } = await client.request('session/request_permission', {
    sessionId,
    toolCall: { toolCallId: run, kind: 'execute', title: 'harmless', rawInput: { command: run } },
    options: [
      { optionId: 'always', name: 'Always', kind: 'allow_always' },
      { optionId: 'once', name: 'Once', kind: 'allow_once' },
      { optionId: 'no', name: 'No', kind: 'reject_once' },
    ],
  });
  if (outcome.outcome === 'cancelled') return 'cancelled';
  if (outcome.optionId === 'always') spawnSync('sh', ['-c', 'touch widened']);
  if (outcome.optionId !== 'no') spawnSync('sh', ['-c', run]);
  return 'answered';
}

const [, , by = 'load', always] = process.argv;
const sessionCapabilities = by === 'resume' ? { resume: {} } : {};
const cancelled = new Set<string>();
const stream = ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin));

agent({ name: 'example' })
  .onRequest('initialize', () => ({
    protocolVersion: 1,
    agentCapabilities: { loadSession: by === 'load' || by === 'odd', sessionCapabilities },
  }))
  .onRequest('session/new', () => {
    const availableModes = [
      { id: 'ask', name: 'Ask First' },
      { id: 'auto', name: 'Never Ask' },
    ];
    return { sessionId: by === 'odd' ? 'o\nne' : 'one', modes: { currentModeId: 'ask', availableModes } };
  })
  .onRequest('session/load', async ({ params: { sessionId }, client }) => {
    if (sessionId !== 'one') throw new Error(`There is no session ${sessionId}.`);
    const text = (words: string) => ({ type: 'text', text: words }) as const;
    for (const update of [
      { sessionUpdate: 'user_message_chunk', content: text('asked before') },
      { sessionUpdate: 'agent_message_chunk', content: text('said before') },
      { sessionUpdate: 'tool_call', toolCallId: 'before', title: 'begun before', status: 'in_progress' },
    ] as const) {
      await client.notify('session/update', { sessionId, update });
    }
    return {};
  })
  .onRequest('session/set_mode', async ({ params: { sessionId, modeId }, client }) => {
    const update = { sessionUpdate: 'current_mode_update', currentModeId: modeId } as const;
    await client.notify('session/update', { sessionId, update });
    return {};
  })
  .onRequest('session/resume', () => ({}))
  .onNotification('session/cancel', ({ params }) => void cancelled.add(params.sessionId))
  .onRequest('session/prompt', async ({ params, client }) => {
    const [first] = params.prompt;
    const { sessionId } = params;
    const steps = JSON.parse(always ?? (first?.type === 'text' ? first.text : '[]')) as Step[];
    for (const { run, all, say, raw, open, write } of steps) {
      if (say !== undefined) {
        const update = { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: say } } as const;
        await client.notify('session/update', { sessionId, update });
      }
      if (raw !== undefined) process.stdout.write(raw);
      if (open !== undefined) {
        const update = { sessionUpdate: 'tool_call', toolCallId: open, title: open, status: 'pending' } as const;
        await client.notify('session/update', { sessionId, update });
      }
      if (write !== undefined) {
        const { outcome } = await client.request('session/request_permission', {
          sessionId,
          toolCall: {
            toolCallId: write.path,
            kind: 'edit',
            title: 'a harmless edit',
            content: [{ type: 'diff', path: write.path, oldText: 'old\n', newText: write.text }],
          },
          options: [
            { optionId: 'once', name: 'Yes', kind: 'allow_once' },
            { optionId: 'no', name: 'No', kind: 'reject_once' },
          ],
        });
        if (outcome.outcome === 'selected' && outcome.optionId === 'once') writeFileSync(write.path, write.text);
      }
      const commands = all ?? (run === undefined ? [] : [run]);
      const outcomes = await Promise.all(commands.map((command) => asked(client, sessionId, command)));
      if (outcomes.includes('cancelled')) return { stopReason: 'cancelled' };
    }
    return { stopReason: 'end_turn' };
  })
  .connect(stream);
