/** Gives a text in the reader's language, with `{0}`, `{1}`, … replaced: the editor's `l10n`, or {@link english}. */
export interface Translator {
  t(message: string, ...args: (string | number | boolean)[]): string;
}

/** The texts as they are written. */
export const english: Translator = {
  t: (message, ...args) =>
    message.replace(/\{(\d+)\}/g, (whole, index: string) => String(args[Number(index)] ?? whole)),
};

/** A length of time, to two units. */
export function durationText(seconds: number, l10n: Translator): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return l10n.t('{0} s', whole);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? l10n.t('{0} min', minutes) : l10n.t('{0} min {1} s', minutes, whole % 60);
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? l10n.t('{0} h', hours) : l10n.t('{0} h {1} min', hours, minutes % 60);
}

/** A time to the millisecond in UTC: the same for everybody who reads the report. */
export function timeText(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15
    ? new Date(ms).toISOString().replace('T', ' ').replace('Z', ' UTC')
    : String(ms);
}
