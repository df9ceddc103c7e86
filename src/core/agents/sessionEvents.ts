import type { JsonObject } from '../parse';
import type { SessionUpdate } from './acpSchema';
import type { Frame } from './frames';
import type { AgentLife, LedgerEntry } from './ledger';
import type { answerSeconds } from './openRequests';
import type { AgentSpool } from './spool';
import type { WaitingRequest } from './waiting';

/** What happens in a session, in the order in which it can be known. */
export type SessionEvent =
  | { readonly kind: 'update'; readonly update: SessionUpdate['update'] }
  /** Somebody told the agent something; its frame is absent where it was changed since. */
  | { readonly kind: 'told'; readonly entry: LedgerEntry; readonly frame: JsonObject | undefined }
  | { readonly kind: 'asked'; readonly request: WaitingRequest }
  /** There is a session, or an earlier one is taken up: what came until then is of earlier. */
  | { readonly kind: 'opened'; readonly answer: JsonObject | undefined }
  /** A turn is over, by the agent's word for why, or its error. */
  | { readonly kind: 'stopped'; readonly prompt: string; readonly reason: string }
  | { readonly kind: 'lost'; readonly frame: Frame }
  /** @see SpoolLook.isCut */
  | {
      readonly kind: 'gone';
      readonly life: AgentLife;
      readonly exitCode: number | undefined;
      readonly isFull: boolean;
    };

export interface SessionContext {
  readonly spool: AgentSpool;
  readonly devboxId: string;
  /** This window, in words for other windows. */
  readonly who: string;
  readonly now: () => number;
  /** Told what happens, also what had happened before this window looked. */
  readonly onEvent?: (event: SessionEvent) => void;
  /** The session of an earlier process, by the agent's id, that this process goes on with. */
  readonly earlierId?: string;
  /** Seconds that the agent has for each kind of answer. */
  readonly seconds?: typeof answerSeconds;
}
