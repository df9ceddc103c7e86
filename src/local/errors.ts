/** What kind of refusal or fault a devbox reports; the routes turn it into a status code. */
export type DevboxErrorKind =
  | 'invalid'
  | 'not_found'
  | 'wrong_state'
  | 'busy'
  | 'conflict'
  | 'not_offered'
  /** The data folder's disk is full. */
  | 'no_room'
  /** The computer has no descriptors, processes or memory left. */
  | 'exhausted'
  | 'failed';

/** An error about a devbox, with a sentence that says what happened and what to do next. */
export class DevboxError extends Error {
  readonly kind: DevboxErrorKind;

  constructor(kind: DevboxErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DevboxError';
    this.kind = kind;
  }
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a Node system error (`ENOENT`, `EADDRINUSE`, …), if it has one. */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string') {
    return thrown.code;
  }
  return undefined;
}
