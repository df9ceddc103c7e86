import type { PlatformAccount } from './platformProcess';

/** Replaces the faults of a platform that was started with `--fault-control` (src/local/README.md). */
export async function orderFaults(
  { baseUrl, apiKey }: PlatformAccount,
  ...rules: readonly Readonly<Record<string, unknown>>[]
): Promise<void> {
  const answer = await fetch(`${baseUrl}/local/faults`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ rules }),
  });
  if (!answer.ok) throw new Error(`The faults were refused: ${await answer.text()}`);
}

/** Turns the clock of a platform by some milliseconds: the times that it tells, and the date of its answers. */
export async function turnClock({ baseUrl, apiKey }: PlatformAccount, milliseconds: number): Promise<void> {
  const answer = await fetch(`${baseUrl}/local/faults`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ clock_skew_ms: milliseconds, rules: [] }),
  });
  if (!answer.ok) throw new Error(`The clock was not turned: ${await answer.text()}`);
}

/** A rule of the faults, with how often a request has met it and how often it has struck. */
export interface FaultCount {
  readonly id: string;
  readonly fault: string;
  readonly matches: number;
  readonly strikes: number;
}

/** How often each of the faults that were ordered has come about. */
export async function countFaults({ baseUrl, apiKey }: PlatformAccount): Promise<readonly FaultCount[]> {
  const answer = await fetch(`${baseUrl}/local/faults`, { headers: { authorization: `Bearer ${apiKey}` } });
  const { rules } = (await answer.json()) as { readonly rules: readonly FaultCount[] };
  return rules;
}
