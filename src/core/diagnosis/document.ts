import { eastAsianWidth } from 'get-east-asian-width';
import type { Diagnosis, EvidenceSection } from './diagnosis';
import type { StepKind } from './nextSteps';
import type { Translator } from './translator';

/** A line of the document that does something when it is followed. */
export interface StepLine {
  /** From 0. */
  readonly line: number;
  /** Columns, from 0; the end is not part of it. */
  readonly start: number;
  readonly end: number;
  readonly kind: StepKind;
}

/** A diagnosis as a text to read, and where its next steps are. */
export interface DiagnosisDocument {
  readonly text: string;
  readonly steps: readonly StepLine[];
}

/** Lays a diagnosis out as plain text. */
export function diagnosisDocument(diagnosis: Diagnosis, l10n: Translator): DiagnosisDocument {
  const lines: string[] = [diagnosis.title, '', ...diagnosis.verdict, '', l10n.t('Next steps')];
  const steps: StepLine[] = [];
  for (const { kind, text } of diagnosis.steps) {
    steps.push({ line: lines.length, start: 4, end: 4 + text.length, kind });
    lines.push(`  → ${text}`);
  }
  const section = ({ heading, note, lines: found }: EvidenceSection): readonly string[] => [
    '',
    heading,
    ...(note === undefined ? [] : [`  ${note}`]),
    ...found.map((line) => `  ${line}`),
  ];
  lines.push(...diagnosis.sections.filter(({ isTelling }) => isTelling === true).flatMap(section));
  lines.push('', l10n.t('Evidence'));
  const width = Math.max(...diagnosis.facts.map(({ label }) => columns(label)));
  for (const { label, value } of diagnosis.facts) {
    lines.push(`  ${label}${' '.repeat(width - columns(label))}  ${value}`);
  }
  lines.push(...diagnosis.sections.filter(({ isTelling }) => isTelling !== true).flatMap(section));
  return { text: `${lines.join('\n')}\n`, steps };
}

/** How wide a text is where all letters have one width, and those of Chinese the double of it. */
function columns(text: string): number {
  return Array.from(text, (letter) => eastAsianWidth(letter.codePointAt(0) ?? 0)).reduce<number>(
    (sum, width) => sum + width,
    0,
  );
}
