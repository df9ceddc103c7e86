import { oneLine } from '../safeText';
import type { LineGroup } from './lineGroups';

/** Characters of a source's name that are shown. */
const longestSource = 40;

/** The source of a record as it is shown and filtered by; empty if it has none. */
export function sourceName(source: string): string {
  return oneLine(source, longestSource);
}

/**
 * A record as text, in the form of an output channel: time, level, source, text. Further lines are indented, so that they
 * fold below the first one and nothing in them can pass for a record of its own.
 *
 * @param time where several records are written one after the other: the same for all
 * @returns one or more lines, each with its newline
 */
export function recordText({ level, source, timestampMs, text }: LineGroup, time = new TimeText()): string {
  const moment = timestampMs === undefined ? '' : time.of(timestampMs);
  return `${moment}[${level}] ${groupText({ source, text })}\n`;
}

/** A record without what a viewer says of it by itself, its time and level. */
export function groupText({ source, text }: Pick<LineGroup, 'source' | 'text'>): string {
  const name = sourceName(source);
  const body = text.replace(/[\u2028\u2029]/g, ' ').replaceAll('\n', '\n    ');
  return `${name === '' ? '' : `[${name}] `}${body}`;
}

/** Moments as text. Most records share their second with the one before them, so the last one is kept. */
export class TimeText {
  #second = Number.NaN;
  #text = '';

  /** As output channels show it, in the computer's time zone, and a space; nothing for what is no moment. */
  of(timestampMs: number): string {
    const second = Math.floor(timestampMs / 1000);
    if (second !== this.#second) {
      const date = new Date(second * 1000);
      if (Number.isNaN(date.getTime())) return '';
      const two = (value: number): string => String(value).padStart(2, '0');
      this.#text = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
      this.#second = second;
    }
    return `${this.#text}.${String(Math.floor(timestampMs - second * 1000)).padStart(3, '0')} `;
  }
}
