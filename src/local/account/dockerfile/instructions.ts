import { type Instruction as Parsed, DockerfileParser } from 'dockerfile-ast';
import { refusalAt } from './refusal';
import { quotedWords } from './words';

/** Text that an instruction has behind its line. */
export interface HereDocument {
  readonly name: string;
  /** The variables in it are filled in. */
  readonly expands: boolean;
  /** Ends with a line end, unless it is empty. */
  readonly content: string;
  /** The tabs in front of its lines are taken away. */
  readonly chomp: boolean;
}

/** One instruction, its lines joined. */
export interface Instruction {
  /** From 1. */
  readonly line: number;
  /** In capitals. */
  readonly keyword: string;
  /** What follows the keyword, without the lines of here-documents. */
  readonly rest: string;
  readonly documents: readonly HereDocument[];
}

/** A Dockerfile's instructions and the letter that escapes in them. */
export interface Instructions {
  readonly escape: string;
  readonly list: readonly Instruction[];
}

/** Instructions that may have here-documents. */
const withDocuments = new Set(['RUN', 'COPY', 'ADD']);

/** `<<NAME`, `<<-NAME`, with the name in quotes or not, and the number of an input in front of it. */
const documentWord = /^\d*<<(-?)([^<]+)$/;

/** Reads a Dockerfile's instructions. */
export function readInstructions(text: string): Instructions {
  const whole = text.replace(/^\uFEFF/, '');
  const escape = DockerfileParser.parse(whole).getEscapeCharacter();
  const lines = whole.split(/\r?\n/);
  const list: Instruction[] = [];
  // Where the parser sees the end of an instruction elsewhere than Docker does, for `<<` within quotes, it begins anew.
  let from = 0;
  while (from < lines.length) {
    const again = read(lines, from, escape, list);
    if (again === undefined) {
      break;
    }
    from = again;
  }
  return { escape, list };
}

/** @returns the line to go on from; undefined when everything is read */
function read(lines: readonly string[], from: number, escape: string, list: Instruction[]): number | undefined {
  // The line before says again which letter escapes, where there is a line before.
  const head = lines.slice(0, from).map((_, at) => (at === 0 ? `# escape=${escape}` : ''));
  const text = [...head, ...lines.slice(from)].join('\n');
  for (const parsed of DockerfileParser.parse(text).getInstructions()) {
    const first = parsed.getRange().start.line;
    const parsedEnd = parsed.getRange().end.line + 1;
    const { instruction, end } = instructionAt(lines, first, parsed, escape);
    list.push(instruction);
    if (end !== parsedEnd && lines.slice(Math.min(end, parsedEnd), Math.max(end, parsedEnd)).some(isTelling)) {
      return end;
    }
  }
  return undefined;
}

function isTelling(line: string): boolean {
  return line.trim() !== '' && !/^\s*#/.test(line);
}

function instructionAt(
  lines: readonly string[],
  first: number,
  parsed: Parsed,
  escape: string,
): { readonly instruction: Instruction; readonly end: number } {
  const keyword = parsed.getKeyword();
  let { text, end } = joined(lines, first, escape);
  const rest = text.trim().slice(parsed.getInstruction().length).trim();
  const documents: HereDocument[] = [];
  const trigger = /^(\w+)\s/.exec(rest)?.[1]?.toUpperCase() ?? '';
  if (withDocuments.has(keyword) || (keyword === 'ONBUILD' && withDocuments.has(trigger))) {
    for (const { name, expands, chomp } of documentsOf(rest, escape)) {
      const content: string[] = [];
      while (end < lines.length && (chomp ? lines[end]?.replace(/^\t+/, '') : lines[end]) !== name) {
        content.push(`${lines[end] ?? ''}\n`);
        end += 1;
      }
      if (end >= lines.length) {
        throw refusalAt(first + 1)(`the here-document ${name} has no end.`);
      }
      end += 1;
      documents.push({ name, expands, chomp, content: content.join('') });
    }
  }
  text = rest;
  return { instruction: { line: first + 1, keyword, rest: text, documents }, end };
}

/** The lines of one instruction put together: comments and empty lines between them are not part of it. */
function joined(
  lines: readonly string[],
  first: number,
  escape: string,
): { readonly text: string; readonly end: number } {
  const goesOn = escape === '`' ? /`[ \t]*$/ : /\\[ \t]*$/;
  let text = '';
  let end = first;
  while (end < lines.length) {
    const line = lines[end] ?? '';
    end += 1;
    if (end - 1 > first && !isTelling(line)) {
      continue;
    }
    if (!goesOn.test(line)) {
      text += line;
      break;
    }
    text += line.replace(goesOn, '');
  }
  return { text, end };
}

/** The here-documents that a line begins, in their order. */
export function documentsOf(text: string, escape: string): readonly Omit<HereDocument, 'content'>[] {
  return quotedWords(text, escape).flatMap((word) => {
    const [, dash, name = ''] = documentWord.exec(word) ?? [];
    const bare = name.replaceAll(/["']/g, '');
    return dash === undefined || bare === '' || /["'].*[^"']["'].*[^"']/.test(name)
      ? []
      : [{ name: bare, expands: bare === name, chomp: dash !== '' }];
  });
}

/** A here-document's text as it is meant. */
export function textOf({ content, chomp }: HereDocument): string {
  return chomp ? content.replaceAll(/^\t+/gm, '') : content;
}
