import { linkSignals } from '../../ground/deadline';
import type { CommandOpener, DevboxCommands } from '../channel/devboxCommands';
import { RuntimeError } from '../errors';
import { oneLine } from '../safeText';
import { filesProblem } from '../problems/files';
import { redact } from '../redact';
import { scriptError } from './fileErrors';
import { fieldsOf } from './fileFacts';
import { bytesOfPath, textOfPath } from './pathText';
import { FoundLines, type FileMatch } from './searchLines';
import { namesScript, searchScript } from './searchScript';

/** What is looked for in files. */
export interface FileQuery {
  readonly text: string;
  readonly isRegExp: boolean;
  readonly matchCase: boolean;
  readonly isWord: boolean;
  /** Only files that match one of them. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** How a search ended. */
export interface SearchEnd {
  /** Whether there is more than was given. */
  readonly isLimited: boolean;
  /** What the program in the devbox said of what is wrong; hostile. */
  readonly failure: string | undefined;
}

export interface SearchContext {
  readonly devboxId: string;
  readonly commands: DevboxCommands & CommandOpener;
  /** @throws RuntimeError unless the devbox runs */
  readonly requireRunning: (signal: AbortSignal, isDoubtful: boolean) => Promise<void>;
}

/** Lines that a search gives at the most. */
export const mostFileMatches = 5_000;
/** Names that are listed at the most. */
const mostNames = 300_000;
const namesMs = 120_000;

/**
 * Looks for a text in the files below a folder; what is found comes while it is. Given up, the program in the devbox is ended.
 *
 * @returns how it ended
 * @throws RuntimeError if the devbox cannot be asked; `file` if the folder cannot be searched; `cancelled`
 */
export async function* searchFiles(
  { commands, requireRunning, devboxId }: SearchContext,
  folder: string,
  query: FileQuery,
  signal: AbortSignal,
): AsyncGenerator<readonly FileMatch[], SearchEnd> {
  await requireRunning(signal, false);
  const how = `${query.isRegExp ? 'r' : ''}${query.matchCase ? 'c' : ''}${query.isWord ? 'w' : ''}`;
  const globs = [...flagged('+', query.include), ...flagged('-', query.exclude)];
  const following = new AbortController();
  const either = linkSignals(signal, following.signal);
  const command = await commands.open(searchScript, {
    stdin: nulEnded([bytesOfPath(folder), ...[query.text, how, ...globs].map((one) => Buffer.from(one))]),
    signal: either.signal,
  });
  const of = new FoundLines(folder);
  let left = mostFileMatches;
  let said = '';
  let hasEnded = false;
  try {
    for await (const lines of command.lines()) {
      const found: FileMatch[] = [];
      for (const line of lines) {
        if (line.startsWith('!')) said = line.slice(1).trim();
        const match = line.startsWith('!') ? undefined : of.take(line);
        if (match !== undefined) found.push(match);
      }
      if (found.length > 0) yield found.slice(0, left);
      left -= found.length;
      if (left <= 0) return { isLimited: true, failure: undefined };
    }
    hasEnded = true;
    const [, why] = /^(.*)=3$/s.exec(said) ?? [];
    if (why !== undefined) throw scriptError({ said: [], stderr: Buffer.from(why) }, folder, devboxId);
    return { isLimited: false, failure: failureIn(said) };
  } finally {
    if (!hasEnded) await command.end();
    following.abort();
    either.dispose();
  }
}

/**
 * The files below a folder, relative to it, in no order.
 *
 * @throws RuntimeError if they cannot be listed
 */
export async function fileNames(
  { commands, requireRunning, devboxId }: SearchContext,
  folder: string,
  signal: AbortSignal,
): Promise<{ readonly names: readonly string[]; readonly isLimited: boolean }> {
  await requireRunning(signal, false);
  const stdin = nulEnded([bytesOfPath(folder), Buffer.from(String(mostNames))]);
  const { exitCode, stdout, stderr } = await commands.run(namesScript, { stdin, signal, deadlineMs: namesMs });
  if (exitCode !== 0) throw scriptError({ said: [], stderr }, folder, devboxId);
  const names = fieldsOf(stdout).map((field) => textOfPath(field).replace(/^\.\//, ''));
  return { names, isLimited: names.length >= mostNames };
}

/** What went wrong: rg and grep end with 1 where nothing was found, xargs says 123 then, and rg 2 where a file could not be read. */
function failureIn(said: string): string | undefined {
  const [, text = '', code = ''] = /^(.*?)=(\d+)$/s.exec(said) ?? [];
  if (['0', '1', '2', '123'].includes(code) && text.trim() === '') return undefined;
  return oneLine(redact(text.trim() === '' ? `exit status ${code}` : text.trim()), 300);
}

/** Globs with the alternatives in braces written out, as not every program knows them. */
function flagged(flag: string, globs: readonly string[]): string[] {
  return globs.flatMap((glob) => alternatives(glob).map((one) => `${flag}${one}`)).slice(0, 100);
}

/** At the most so many, however many there are: braces behind braces double them each time. */
const mostAlternatives = 50;

function alternatives(glob: string): string[] {
  const done = new Set<string>();
  const left = [glob];
  for (let next = left.pop(); next !== undefined && done.size < mostAlternatives; next = left.pop()) {
    // The innermost first.
    const [, before = '', within, after = ''] = /^(.*)\{([^{}]*)\}(.*)$/s.exec(next) ?? [];
    const options = within?.split(',').slice(0, mostAlternatives).reverse() ?? [];
    if (options.length === 0) done.add(next);
    left.push(...options.map((one) => `${before}${one}${after}`));
  }
  return [...done];
}

/** @throws RuntimeError if a field cannot be told */
function nulEnded(fields: readonly Buffer[]): Buffer {
  if (fields.some((field) => field.includes(0) || field.length > 8_000)) {
    throw new RuntimeError({ problem: filesProblem('file_search_refused') });
  }
  return Buffer.concat(fields.flatMap((field) => [field, Buffer.of(0)]));
}
