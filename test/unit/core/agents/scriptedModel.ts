// A model that does what the prompt says, run by Node in a devbox: `SCRIPT [{"name": …, "args": …}, {"text": …}]`. It keeps nothing:
// the step is the number of results of tools since that prompt. It speaks what the
// agents of the table speak.
import { createServer, type ServerResponse } from 'node:http';
import { writeFileSync } from 'node:fs';

interface Step {
  readonly name?: string;
  readonly args?: unknown;
  readonly text?: string;
}
type Fields = Readonly<Record<string, unknown>>;

const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? (value as Fields[]) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What the model does next. @param said texts, and `result` for each result of a tool, in order */
function stepOf(said: readonly string[]): Step {
  const at = said.findLastIndex((one) => one.includes('SCRIPT ['));
  const prompt = said[at] ?? '';
  const script = JSON.parse(prompt.slice(prompt.indexOf('SCRIPT [') + 7) || '[]') as readonly Step[];
  return script[said.slice(at + 1).filter((one) => one === 'result').length] ?? { text: 'done' };
}

function geminiSaid(body: Fields): string[] {
  return list(body['contents']).flatMap((content) =>
    list(content['parts']).map((part) => (part['functionResponse'] === undefined ? text(part['text']) : 'result')),
  );
}

function responsesSaid(body: Fields): string[] {
  return list(body['input']).flatMap((item) =>
    /_output$/.test(text(item['type'])) ? ['result'] : list(item['content']).map((part) => text(part['text'])),
  );
}

/** Of Anthropic's messages, and of OpenAI's chat, in which results are messages of their own. */
function messagesSaid(body: Fields): string[] {
  return list(body['messages']).flatMap(({ role, content }) => {
    if (role === 'tool') return ['result'];
    if (typeof content === 'string') return [content];
    return list(content).map((part) => (part['type'] === 'tool_result' ? 'result' : text(part['text'])));
  });
}

/** A request without tools asks for a title, or the like. */
function stepOfMessages(body: Fields): Step {
  return list(body['tools']).length === 0 ? { text: 'done' } : stepOf(messagesSaid(body));
}

function answerMessages(response: ServerResponse, { name, args, text: words = 'done' }: Step): void {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const id = `m${Date.now()}`;
  const message = { id, type: 'message', role: 'assistant', model: 'claude', content: [], stop_reason: null, usage };
  const [block, delta, stop_reason] =
    name === undefined
      ? [{ type: 'text', text: '' }, { type: 'text_delta', text: words }, 'end_turn']
      : [
          { type: 'tool_use', id: `toolu_${id}`, name, input: {} },
          { type: 'input_json_delta', partial_json: JSON.stringify(args) },
          'tool_use',
        ];
  for (const event of [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage },
    { type: 'message_stop' },
  ]) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}

function answerChat(response: ServerResponse, { name, args, text: words = 'done' }: Step): void {
  const id = `c${Date.now()}`;
  const call = { index: 0, id: `call_${id}`, type: 'function', function: { name, arguments: JSON.stringify(args) } };
  const delta = { role: 'assistant', ...(name === undefined ? { content: words } : { tool_calls: [call] }) };
  const end = { index: 0, delta: {}, finish_reason: name === undefined ? 'stop' : 'tool_calls' };
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  for (const chunk of [{ choices: [{ index: 0, delta }] }, { choices: [end], usage }]) {
    response.write(`data: ${JSON.stringify({ id, object: 'chat.completion.chunk', model: 'scripted', ...chunk })}\n\n`);
  }
  response.end('data: [DONE]\n\n');
}

function answerGemini(response: ServerResponse, { name, args, text: words = 'done' }: Step, isStream: boolean): void {
  const part = name === undefined ? { text: words } : { functionCall: { name, args } };
  const candidate = { content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 };
  const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 };
  const all = JSON.stringify({ candidates: [candidate], usageMetadata });
  response.end(isStream ? `data: ${all}\n\n` : all);
}

function answerResponses(response: ServerResponse, { name, args, text: words = 'done' }: Step): void {
  const id = `r${Date.now()}`;
  const item =
    name === undefined
      ? { type: 'message', role: 'assistant', id: 'm', content: [{ type: 'output_text', text: words }] }
      : { type: 'function_call', call_id: `call-${id}`, name, arguments: JSON.stringify(args) };
  const usage = {
    input_tokens: 1,
    input_tokens_details: null,
    output_tokens: 1,
    output_tokens_details: null,
    total_tokens: 2,
  };
  for (const event of [
    { type: 'response.created', response: { id } },
    { type: 'response.output_item.done', item },
    { type: 'response.completed', response: { id, usage } },
  ]) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}

const server = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    const { url = '' } = request;
    if (request.method === 'GET') process.stdout.write(`${url}\n`);
    const path = url.replace(/\?.*/, '');
    const body = JSON.parse(Buffer.concat(pieces).toString() || '{}') as Fields;
    const isStream = url.includes('stream') || /\/(?:responses|messages|chat\/completions)$/.test(path);
    response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json');
    if (url.endsWith('/responses')) answerResponses(response, stepOf(responsesSaid(body)));
    else if (url.includes('enerateContent')) answerGemini(response, stepOf(geminiSaid(body)), isStream);
    else if (path.endsWith('/v1/messages')) answerMessages(response, stepOfMessages(body));
    else if (path.endsWith('/chat/completions')) answerChat(response, stepOfMessages(body));
    else if (path.endsWith('/count_tokens')) response.end('{"input_tokens":1}');
    else if (url.includes('countTokens')) response.end('{"totalTokens":1}');
    else response.end('{"data":[],"models":[]}');
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  writeFileSync('/tmp/model.port', String(typeof address === 'object' ? address?.port : ''));
});
