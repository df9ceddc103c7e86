import { DevboxError } from '../../errors';
import type { FailureReason } from './status';

/** The devbox something happens to. */
export interface FaultTarget {
  readonly id: string;
  readonly name: string | undefined;
}

/** What is done to devboxes on order, so that those who depend on them can be tested. Usually nothing. */
export interface FaultHooks {
  /**
   * Called when a stage of the boot begins; holds it up or fails it.
   * @throws BootFailure
   */
  boot(devbox: FaultTarget, stage: 'provisioning' | 'initializing', signal: AbortSignal): Promise<void>;
  /** The words with which the entrypoint is really started. */
  entrypoint(devbox: FaultTarget, argv: readonly string[]): readonly string[];
  /** How soon after it began to run the devbox fails, if it does. */
  failure(devbox: FaultTarget): { readonly afterMs: number; readonly reason: FailureReason } | undefined;
  /** How soon after it began to run the devbox's eviction is announced, and how long before the suspend, if it is. */
  eviction(devbox: FaultTarget): { readonly afterMs: number; readonly noticeMs: number } | undefined;
}

/** A boot that fails for another reason than a command. */
export class BootFailure extends DevboxError {
  readonly reason: FailureReason;

  constructor(reason: FailureReason, message: string) {
    super('failed', message);
    this.name = 'BootFailure';
    this.reason = reason;
  }
}
