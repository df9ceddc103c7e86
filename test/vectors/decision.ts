/** A difference from the recorded server that is wanted. */
export interface Decision {
  readonly why: string;
  /** The status that our server answers, if it is another one too. */
  readonly status?: number;
}
