import { spawn } from 'node:child_process';

/** More attempts than this are not made: text that long is taken as one command. */
const mostAttempts = 300;
const attemptDeadlineMs = 5000;

/**
 * Splits shell text into its top-level commands, as bash itself sees them. Bash only parses, it runs nothing.
 *
 * @param text trimmed shell text
 * @param bash path of the bash program
 * @returns the commands; the text as one command when bash cannot parse it
 */
export async function topLevelCommands(text: string, bash: string): Promise<string[]> {
  if (!text.includes('\n')) return [text];
  if ((await parse(text, bash)).kind === 'error') return [text];
  const lines = text.split('\n');
  const commands: string[] = [];
  let start = 0;
  let end = 0;
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    while (start < lines.length && isEmpty(lines[start] ?? '')) start += 1;
    if (start >= lines.length) return commands;
    end = Math.max(end, start + 1);
    const candidate = lines.slice(start, end).join('\n');
    if (end >= lines.length) return [...commands, candidate];
    const result = endsWithBackslash(candidate)
      ? { kind: 'error' as const, wanted: undefined }
      : await parse(candidate, bash);
    if (result.kind === 'complete') {
      commands.push(candidate);
      start = end;
    } else {
      end = nextEnd(lines, end, result.wanted);
    }
  }
  return [text];
}

type ParseResult =
  | { readonly kind: 'complete' }
  /** `wanted` is the text that would end what is open: a here-document's word, or a quote. */
  | { readonly kind: 'open' | 'error'; readonly wanted: Wanted | undefined };
type Wanted = { readonly line: string } | { readonly part: string };

async function parse(text: string, bash: string): Promise<ParseResult> {
  const complaint = await complaintOf(text, bash);
  const hereDocument = /\(wanted `(.*)'\)/.exec(complaint.text);
  if (hereDocument !== null) return { kind: 'open', wanted: { line: hereDocument[1] ?? '' } };
  if (complaint.code === 0) return { kind: 'complete' };
  const quote = /looking for matching `(.)'/.exec(complaint.text);
  return { kind: 'error', wanted: quote === null ? undefined : { part: quote[1] ?? '' } };
}

/** The next number of lines worth trying: up to the first line that could end what is open. */
function nextEnd(lines: readonly string[], end: number, wanted: Wanted | undefined): number {
  if (wanted === undefined) return end + 1;
  const at = lines.findIndex(
    (line, index) => index >= end && ('line' in wanted ? line.trim() === wanted.line : line.includes(wanted.part)),
  );
  return at === -1 ? lines.length : at + 1;
}

function isEmpty(line: string): boolean {
  return /^\s*(#.*)?$/.test(line);
}

function endsWithBackslash(text: string): boolean {
  const match = /\\+$/.exec(text);
  return match !== null && match[0].length % 2 === 1;
}

async function complaintOf(text: string, bash: string): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    // In the C locale, because the answer is read.
    const child = spawn(bash, ['--norc', '-n'], {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { LC_ALL: 'C' },
      timeout: attemptDeadlineMs,
    });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaint += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text: complaint }));
    // Bash stops reading at an error; what was not read then is of no interest.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${text}\n`);
  });
}
