import { diagnose } from './diagnosis';
import type { Evidence } from './evidence';
import { english } from './translator';

/**
 * A diagnosis as Markdown for an issue report, in English, redacted. Whatever the devbox said stands in code spans and
 * fences that it cannot close.
 */
export function diagnosisMarkdown(evidence: Evidence): string {
  const { title, verdict, facts, sections } = diagnose(evidence, english);
  return [
    `### ${escaped(title)}`,
    '',
    ...verdict.map(escaped),
    '',
    '| | |',
    '|---|---|',
    ...facts.map(({ label, value }) => `| ${escaped(label)} | ${codeSpan(value)} |`),
    ...sections.flatMap(({ heading, note, lines }) => [
      '',
      `#### ${heading}`,
      '',
      ...(note === undefined ? [] : [escaped(note), '']),
      ...(lines.length === 0 ? [] : fenced(lines)),
    ]),
    '',
  ].join('\n');
}

/** An invisible character that breaks words for those who look for mentions, numbers of issues and addresses. */
const joiner = '\u2060';

/** Text in which nothing is Markdown, HTML, a mention or a link any more. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>~$-]/g, '\\$&').replace(/[@#](?=\w)|\bwww(?=\.)|:(?=\/\/)/gi, `$&${joiner}`);
}

function codeSpan(text: string): string {
  const fence = '`'.repeat(longestRun(text) + 1);
  // A bar ends a cell even inside a code span.
  return `${fence} ${text.replaceAll('|', '\\|')} ${fence}`;
}

function fenced(lines: readonly string[]): string[] {
  const fence = '`'.repeat(Math.max(3, longestRun(lines.join('\n')) + 1));
  return [`${fence}text`, ...lines, fence];
}

/** The longest run of backticks in a text. */
function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
