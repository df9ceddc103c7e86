import { createHash } from 'node:crypto';
import type { DevboxCommands } from '../channel/devboxCommands';
import { RuntimeError } from '../errors';
import { agentsProblem } from '../problems/agents';
import { noDetails, type Problem } from '../problems/problem';
import {
  digestOf,
  entryOf,
  linesIn,
  sealOf,
  wordOf,
  type Appended,
  type Authorship,
  type LedgerEntry,
  type SpoolLook,
  type Tampering,
  type ToldShortly,
} from './ledger';
import * as scripts from './spoolScripts';
import { mostKept } from './spoolScripts';

/** Milliseconds that a command about a spool may take. */
const commandMs = 30_000;
/** Bytes of a frame that go with one command. */
const mostAtOnce = 32 * 1024;
/** Bytes of a frame that goes the short way. */
const mostShort = 4 * 1024;
/** Bytes that are read at once. */
const mostRead = 4 * 1024 * 1024;

export interface SpoolContext {
  readonly devboxId: string;
  readonly commands: DevboxCommands;
  /** The absolute folder of the spool in the devbox. */
  readonly folder: string;
  /** What the windows of an account seal their lines with. The devbox never sees it. */
  readonly sealKey: Uint8Array;
  /** Tells a frame by a process that is there already; undefined where nobody knows whether it was told. */
  readonly shortcut?: ((words: readonly string[], frame: string) => Promise<ToldShortly | undefined>) | undefined;
}

export interface AgentStart {
  /** The command's words; no shell reads them. */
  readonly command: readonly string[];
  /** The absolute working directory. */
  readonly cwd: string;
  /** What another window finds it by. */
  readonly mark: string;
  readonly mostOut?: number;
  readonly signal: AbortSignal;
}

/** One agent's record in its devbox, read from where this reader stands. */
export class AgentSpool {
  readonly #context: SpoolContext;
  readonly #name: string;
  readonly #digest = createHash('sha256');
  #read = 0;
  #ledgerRead = 0;
  /** Bytes after the last whole line: read again, as whoever tells something next takes them away. */
  #ledgerOpen = 0;
  #inode: string | undefined;
  /** Where the frames of the ledger's lines end. */
  #framesEnd = 0;
  /** Where those ended whose rest was told by this reader. */
  #finished = 0;
  #lastNumber = 0;
  readonly #entries: LedgerEntry[] = [];
  readonly #tampering = new Set<Tampering>();

  constructor(context: SpoolContext) {
    this.#context = context;
    this.#name = context.folder.slice(context.folder.lastIndexOf('/') + 1);
  }

  /** What this reader has found to be changed from inside the devbox; it stays. */
  get tampering(): ReadonlySet<Tampering> {
    return this.#tampering;
  }

  /** Every line of the ledger that was read. */
  get entries(): readonly LedgerEntry[] {
    return this.#entries;
  }

  /** Starts the agent. @returns false if this spool is there already, then nothing is started */
  async start(start: AgentStart): Promise<boolean> {
    return (await this.#start(start, '')) === undefined;
  }

  /**
   * Starts the agent in order to go on with what a session has begun, unless a process does so already.
   *
   * @param root the first spool of that session, beside this one
   * @returns the name of the spool of the process that runs; then nothing is started
   */
  async startAfter(start: AgentStart, root: string): Promise<string | undefined> {
    if (!/^[A-Za-z0-9-]+$/.test(root)) throw new Error('A spool has another name.');
    return this.#start(start, root);
  }

  async #start({ command, cwd, mark, mostOut = mostKept.out, signal }: AgentStart, root: string) {
    const limits = [String(mostOut), String(mostKept.err)];
    const [said, name] = await this.#runScript(scripts.startScript, [cwd, ...limits, mark, root, ...command], signal);
    if (said === 'busy') throw this.#error(scripts.refusalOf(said));
    return said === 'started' ? undefined : (name ?? this.#name);
  }

  /**
   * Tells the agent a frame, once: whoever comes first with a key has told it, and to send it again does nothing.
   *
   * @param frame one line of text, without its end
   * @throws RuntimeError if it was not told
   */
  async append(
    frame: string,
    { key, who, at, requestDigest, signal }: Omit<Authorship, 'frameDigest'> & { readonly signal: AbortSignal },
  ): Promise<Appended> {
    if (frame.includes('\n')) throw new Error('A frame is one line.');
    const bytes = Buffer.from(`${frame}\n`);
    const author = { key, who, at, frameDigest: digestOf(bytes), requestDigest };
    const seal = sealOf(this.#context.sealKey, this.#name, author);
    const keyWord = wordOf(key);
    const before = `${wordOf(who)}\t${at}`;
    const after = `${author.frameDigest}\t${requestDigest}\t${seal}`;
    const counted = [String(bytes.length), author.frameDigest, requestDigest, seal, String(mostKept.in)];
    const { shortcut } = this.#context;
    const isShort = shortcut !== undefined && bytes.length <= mostShort;
    const short = isShort
      ? await shortcut([this.#name, keyWord, wordOf(who), String(at), ...counted], frame)
      : undefined;
    if (short?.said === 'written') return { isFirst: true };
    if (short?.said === 'taken') return this.#taken(short.line, undefined);
    const isSmall = bytes.length <= mostAtOnce;
    if (!isSmall) await this.#sendParts(keyWord, bytes, signal);
    const words = [keyWord, before, after, String(bytes.length), String(mostKept.in)];
    const [said, line] = await this.#runScript(scripts.appendScript, words, signal, isSmall ? bytes : undefined);
    if (said === 'written') return { isFirst: true };
    // What nobody acknowledged may have been told: then it is this very frame that was first.
    if (said === 'taken') return this.#taken(line ?? '', isShort ? seal : undefined);
    throw this.#error(scripts.refusalOf(said));
  }

  #taken(line: string, ours: string | undefined): Appended {
    if (ours !== undefined && line.endsWith(`\t${ours}`)) return { isFirst: true };
    return { isFirst: false, by: entryOf(line, this.#name, this.#context.sealKey) };
  }

  /** What came since the last look. One look at a time. */
  async look(signal: AbortSignal, most = mostRead): Promise<SpoolLook> {
    // More than is kept is nothing that we have written: no reader follows it without end.
    const known = this.#ledgerOpen;
    const mosts = [mostKept.out - this.#read, mostKept.ledger - this.#ledgerRead];
    const words = [this.#read, this.#ledgerRead, ...mosts.map((left) => Math.min(most + known, left))].map(String);
    const bytes = await this.#run(scripts.readScript, words, signal);
    const { fields, rest } = scripts.headOf(bytes, 10);
    const [state, code, full, inode] = fields;
    const [outSize = 0, , inSize = 0, ledgerSize = 0, ledgerLength = 0, outLength = 0] = fields.slice(4).map(Number);
    if (state === 'none') throw this.#error(agentsProblem('agent_spool_missing'));
    if (outSize < this.#read || (this.#inode ?? inode) !== inode) this.#tampering.add('output_changed');
    if (ledgerSize < this.#ledgerRead) this.#tampering.add('ledger_changed');
    this.#inode ??= inode;
    const isWhole = rest.length === ledgerLength + outLength;
    const entries = this.#takeLedger(rest.subarray(0, isWhole ? ledgerLength : 0));
    const output = isWhole ? rest.subarray(ledgerLength) : Buffer.alloc(0);
    this.#digest.update(output);
    this.#read += output.length;
    const isLedgerRead = this.#ledgerRead + this.#ledgerOpen >= ledgerSize;
    const isBehind = !isLedgerRead || this.#read < outSize;
    // What is said to be there and does not come, or is more than is kept, was put there by somebody else.
    const hasMore = isBehind && isWhole && rest.length > known;
    if (isBehind && !hasMore) this.#tampering.add(this.#read < outSize ? 'output_changed' : 'ledger_changed');
    if (isLedgerRead && inSize > this.#framesEnd) this.#tampering.add('unknown_frame');
    if (isLedgerRead && inSize < this.#framesEnd && state === 'running') await this.#finish(signal);
    return {
      life: state === 'running' ? 'running' : state === 'ended' ? 'ended' : 'gone',
      exitCode: code === '' || code === undefined ? undefined : Number(code),
      isCut: full === '1',
      output,
      entries,
      hasMore,
    };
  }

  /** Compares all that was read with what is there now, and each frame with its line. @returns what was found in all looks */
  async audit(signal: AbortSignal): Promise<ReadonlySet<Tampering>> {
    const digest = await this.#run(scripts.digestScript, [String(this.#read)], signal);
    if (digest.toString().trim() !== this.#digest.copy().digest('hex')) this.#tampering.add('output_changed');
    for (const { offset, length, frameDigest } of this.#entries) {
      const frame = await this.#slice('in', offset, length, signal);
      if (digestOf(frame) !== frameDigest && !this.#isUntold(offset, length, frame)) {
        this.#tampering.add('unknown_frame');
      }
    }
    return this.#tampering;
  }

  /** What was told by these lines of the ledger; undefined for a frame that was changed since, or not told to its end. */
  async frames(entries: readonly LedgerEntry[], signal: AbortSignal): Promise<readonly (string | undefined)[]> {
    const found: (string | undefined)[] = [];
    let bytes: Buffer = Buffer.alloc(0);
    let from = 0;
    for (const { offset, length, frameDigest } of entries) {
      if (length > mostRead) {
        found.push(undefined);
        continue;
      }
      if (offset < from || offset + length > from + bytes.length) {
        const last = entries.at(-1);
        const most = Math.max(length, Math.min(mostRead, (last?.offset ?? 0) + (last?.length ?? 0) - offset));
        [bytes, from] = [await this.#slice('in', offset, most, signal), offset];
      }
      const frame = bytes.subarray(offset - from, offset - from + length);
      const isSame = digestOf(frame) === frameDigest;
      if (!isSame && !this.#isUntold(offset, length, frame)) this.#tampering.add('unknown_frame');
      found.push(isSame ? frame.toString() : undefined);
    }
    return found;
  }

  /** The end of the agent's log, hostile text. */
  async log(signal: AbortSignal, most = 64 * 1024): Promise<string> {
    return (await this.#slice('err', 0, most, signal)).toString();
  }

  /** Ends the agent with all that it has started; harmless when it has ended. */
  async end(signal: AbortSignal): Promise<void> {
    await this.#run(scripts.endScript, [], signal);
  }

  /** Whoever told the last frame was ended before it had: the agent waits for the rest. */
  async #finish(signal: AbortSignal): Promise<void> {
    if (this.#finished === this.#framesEnd) this.#tampering.add('unknown_frame');
    this.#finished = this.#framesEnd;
    await this.#run(scripts.finishScript, [], signal);
  }

  /** Whether it is the last frame, and somebody was ended in its midst. */
  #isUntold(offset: number, length: number, found: Buffer): boolean {
    return found.length < length && offset + length === this.#framesEnd;
  }

  #takeLedger(bytes: Buffer): readonly LedgerEntry[] {
    const { lines, read, open } = linesIn(bytes);
    this.#ledgerRead += read;
    this.#ledgerOpen = open;
    const fresh: LedgerEntry[] = [];
    for (const line of lines) {
      const entry = entryOf(line, this.#name, this.#context.sealKey);
      if (entry === undefined || entry.number !== this.#lastNumber + 1 || entry.offset !== this.#framesEnd) {
        this.#tampering.add('ledger_changed');
      }
      if (entry === undefined) continue;
      if (!entry.isSealed) this.#tampering.add('unsealed_line');
      this.#lastNumber = entry.number;
      this.#framesEnd = entry.offset + entry.length;
      fresh.push(entry);
    }
    this.#entries.push(...fresh);
    return fresh;
  }

  async #sendParts(keyWord: string, bytes: Buffer, signal: AbortSignal): Promise<void> {
    for (let at = 0; at < bytes.length; at += mostAtOnce) {
      const piece = bytes.subarray(at, at + mostAtOnce);
      await this.#run(scripts.partScript, [keyWord, String(at)], signal, piece);
    }
  }

  #slice(name: 'in' | 'err', from: number, most: number, signal: AbortSignal): Promise<Buffer> {
    return this.#run(scripts.sliceScript, [name, String(from), String(most)], signal);
  }

  async #runScript(script: string, words: readonly string[], signal: AbortSignal, rest?: Buffer) {
    return (await this.#run(script, words, signal, rest)).toString().split('\0');
  }

  async #run(
    script: string,
    words: readonly string[],
    signal: AbortSignal,
    rest: Buffer = Buffer.alloc(0),
  ): Promise<Buffer> {
    const head = [this.#context.folder, ...words];
    if (head.some((word) => word.includes('\0'))) throw new Error('A word has no NUL in it.');
    const stdin = Buffer.concat([Buffer.from(head.map((word) => `${word}\0`).join('')), rest]);
    const options = { stdin, signal, deadlineMs: commandMs };
    const { exitCode, stdout, stderr } = await this.#context.commands.run(script, options);
    if (exitCode === 0) return Buffer.from(stdout);
    const why = Buffer.from(stderr).toString().trim().split('\n').at(-1) ?? '';
    throw this.#error(agentsProblem('agent_spool_failed', { why: why === '' ? noDetails : why.slice(0, 300) }));
  }

  #error(problem: Problem): RuntimeError {
    return new RuntimeError({ problem, devboxId: this.#context.devboxId });
  }
}
