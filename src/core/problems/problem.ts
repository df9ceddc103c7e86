/** What went wrong, as a word that code and tests can rely on. */
export type RuntimeErrorCode =
  | 'missing_api_key'
  | 'keyring'
  | 'account_changed'
  | 'invalid_option'
  | 'authentication'
  | 'permission'
  | 'not_found'
  | 'conflict'
  | 'payment'
  | 'rate_limited'
  | 'network'
  | 'api'
  | 'unexpected_answer'
  | 'blueprint_missing'
  | 'devbox_not_found'
  | 'devbox_ended'
  | 'devbox_suspended'
  | 'no_action_server'
  | 'session_key'
  | 'action_server'
  | 'action_timeout'
  | 'shell_busy'
  | 'environment'
  | 'transfer'
  | 'file'
  | 'mcp'
  | 'disconnected'
  | 'deadline'
  | 'cancelled'
  | 'closed'
  /** A devbox of ours could not be shut down: it may still run, and cost money. Never passed over in silence. */
  | 'may_still_run'
  /** Nobody can tell whether a create took effect. Never passed over in silence. */
  | 'start_unknown'
  /** A start that could not be noted, and was not sent. */
  | 'not_noted';

/** What is put into a text: what others say or are called, as it is, or a phrase of ours. */
export type Param = string | number | Phrase;

type Params = Readonly<Record<string, Param>>;

/** A text of ours with names in braces, and what is put in their places. Told in any language by {@link phraseText}. */
export interface Phrase {
  readonly text: string;
  readonly params: Params;
}

/** The words of one kind of problem, in English; names in braces are its parameters. */
export interface ProblemWords {
  readonly code: RuntimeErrorCode;
  /** What happened, one sentence, without secrets. */
  readonly message: string;
  /** What the user can do about it, one sentence. */
  readonly nextStep: string;
}

/** One problem: what kind it is of, its parameters and, for those who have no words of their own, its English. */
export interface Problem extends ProblemWords {
  readonly id: string;
  readonly params: Params;
}

/** The names in braces of a text. */
type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** Nothing for a text without names, else one value for each. */
export type ParamsOf<Text extends string> = [NamesIn<Text>] extends [never]
  ? []
  : [params: Readonly<Record<NamesIn<Text>, Param>>];

/** Makes problems of a table of words; the compiler knows which there are, and the parameters of each. */
export function problemsOf<const Table extends Readonly<Record<string, ProblemWords>>>(
  table: Table,
): <Id extends keyof Table & string>(
  id: Id,
  ...params: ParamsOf<Table[Id]['message'] | Table[Id]['nextStep']>
) => Problem {
  return (id, ...[params = {}]: readonly Params[]) => {
    const { code, message, nextStep }: ProblemWords = table[id] as ProblemWords;
    return { id, code, message, nextStep, params };
  };
}

/** Gives a text in a language, filled in. */
export type Translate = (text: string, params: Readonly<Record<string, string>>) => string;

/** The texts as they are written. */
const inEnglish: Translate = (text, params) =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => params[name] ?? whole);

/** Stands where somebody else had nothing to say, so that no sentence has a hole in it. */
export const noDetails = 'no details';

/** A text with its parameters, each told in the same language. */
export function phraseText({ text, params }: Phrase, translate: Translate = inEnglish): string {
  const told = Object.entries(params).map(([name, value]) => {
    const said = paramText(value, translate);
    // What others say is put into a sentence of ours, which has an end of its own.
    const within = name === 'why' || name === 'said' ? said.replace(/[.。]+$/, '') : said;
    return [name, within === '' ? translate(noDetails, {}) : within];
  });
  return translate(text, Object.fromEntries(told) as Record<string, string>);
}

/** What is put into a text, by itself. */
export function paramText(param: Param, translate?: Translate): string {
  return typeof param === 'object' ? phraseText(param, translate) : String(param).trim();
}

/** What happened and what to do about it, in a language. */
export function problemText({ message, nextStep, params }: Problem, translate?: Translate): string {
  const happened = phraseText({ text: message, params }, translate);
  if (nextStep === '') return happened;
  // Where a full stop is as wide as a character, no blank follows it.
  return `${happened}${happened.endsWith('。') ? '' : ' '}${phraseText({ text: nextStep, params }, translate)}`;
}
