import type { ConsentRule } from '../../../src/core/agents/consent';

/** What a window is told first. */
export interface Order {
  readonly account: { readonly apiKey: string; readonly baseUrl: string };
  readonly devboxId: string;
  readonly folder: string;
  readonly cwd: string;
  readonly sealKey: string;
  readonly who: string;
  /** Whether it tells the agent by the process that watches, where that can. */
  readonly isShort: boolean;
  /** What a person has allowed before, in whatever window. */
  readonly rules: readonly ConsentRule[];
  /** Given to the window that starts the agent. */
  readonly start?: { readonly command: readonly string[]; readonly prompt: string };
}

/** A person's answer to a request that a window shows. */
export interface Press {
  readonly id: string;
  readonly means: 'allow_once' | 'reject_once';
  /** Whether it is to become a rule too. */
  readonly isAlways: boolean;
}

/** What a window shows. */
export interface Shown {
  readonly state: string;
  readonly waiting: readonly { readonly id: string; readonly text: string }[];
}

/** One line of a window. */
export type Said =
  /** What it started is under way, if anything. */
  | { readonly begun: true }
  | { readonly shown: Shown }
  | { readonly rule: ConsentRule }
  | { readonly broken: string }
  /** It told the agent something the short way. */
  | { readonly short: true }
  /** What became of what it was told: absent `first` if its answer counts, else who was first. */
  | { readonly done: number; readonly first?: string | undefined }
  | { readonly done: number; readonly failed: string };
