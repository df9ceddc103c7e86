export { diagnose, diagnosisTitle, type Diagnosis } from './diagnosis';
export { diagnosisDocument, type DiagnosisDocument, type StepLine } from './document';
export { gatherEvidence, type Evidence } from './evidence';
export { diagnosisMarkdown } from './markdown';
export type { StepKind } from './nextSteps';
export { english } from './translator';
