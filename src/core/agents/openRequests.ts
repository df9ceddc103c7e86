import { RuntimeError } from '../errors';
import { asObject, asString, type JsonObject } from '../parse';
import { agentsProblem } from '../problems/agents';
import { noDetails, type Problem } from '../problems/problem';
import type { AcpSchema, InitializeAnswer } from './acpSchema';

export type Method = Exclude<keyof AcpSchema, 'permission' | 'update'>;

/** Seconds that an agent has for an answer; a turn takes as long as it takes. */
export const answerSeconds: Readonly<Record<Method, number | undefined>> = {
  initialize: 60,
  authenticate: 60,
  'session/new': 60,
  'session/load': 120,
  'session/resume': 60,
  'session/prompt': undefined,
  'session/set_mode': 30,
};

type Answer = { readonly result: JsonObject } | { readonly problem: Problem };

/** What this window has asked an agent and waits for. */
export class OpenRequests {
  readonly #devboxId: string;
  readonly #schema: AcpSchema;
  readonly #seconds: Readonly<Record<Method, number | undefined>>;
  readonly #open = new Map<string, { readonly method: Method; readonly settle: (answer: Answer) => void }>();

  constructor(devboxId: string, schema: AcpSchema, seconds = answerSeconds) {
    this.#devboxId = devboxId;
    this.#schema = schema;
    this.#seconds = seconds;
  }

  /**
   * Sends a request and waits for its answer, for a limited time.
   *
   * @throws RuntimeError `agent_no_answer`, `agent_refused`, `agent_answer_unexpected` or `agent_ended`
   */
  async ask(id: string, method: Method, send: () => Promise<unknown>, signal: AbortSignal): Promise<JsonObject> {
    const limit = this.#seconds[method];
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<Answer>((resolve) => {
      this.#open.set(id, { method, settle: resolve });
      if (limit === undefined) return;
      const late = agentsProblem('agent_no_answer', { method, seconds: limit });
      timer = setTimeout(() => resolve({ problem: late }), limit * 1000);
    });
    const stop = (): void => this.#open.get(id)?.settle({ problem: agentsProblem('agent_ended') });
    signal.addEventListener('abort', stop, { once: true });
    try {
      await send();
      const said = await answer;
      signal.throwIfAborted();
      if ('problem' in said) throw new RuntimeError({ problem: said.problem, devboxId: this.#devboxId });
      return said.result;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      this.#open.delete(id);
    }
  }

  /** Takes an answer of the agent; one to somebody else's request is nothing here. */
  settle(id: string, message: JsonObject): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    const { method, settle } = open;
    const error = asObject(message['error']);
    if (error !== undefined) {
      settle({ problem: agentsProblem('agent_refused', { method, why: whyOf(error) }) });
      return;
    }
    // Some answer with null where the protocol has an object without anything in it.
    const checked = this.#schema[method].safeParse(message['result'] ?? {});
    settle(
      checked.success
        ? { result: { ...checked.data } }
        : { problem: agentsProblem('agent_answer_unexpected', { method }) },
    );
  }

  /** The agent is gone: nobody will answer. */
  end(): void {
    for (const { settle } of this.#open.values()) settle({ problem: agentsProblem('agent_ended') });
  }
}

/** Some say what is wrong only behind a general word. */
function whyOf(error: JsonObject): string {
  const data = error['data'];
  const details = asString(data) ?? asString(asObject(data)?.['details']) ?? asString(asObject(data)?.['message']);
  const words = [asString(error['message']), details].filter((text) => text !== undefined && text.trim() !== '');
  return words.length === 0 ? noDetails : [...new Set(words)].join(': ').slice(0, 500);
}

/** By which of its requests an agent goes on with a session of an earlier process. */
export function takeUpMethod({
  agentCapabilities: able,
}: InitializeAnswer): 'session/load' | 'session/resume' | undefined {
  if (able.loadSession) return 'session/load';
  return able.sessionCapabilities.resume ? 'session/resume' : undefined;
}
