import type { Decision } from './decision';

type Decisions = Readonly<Record<string, Readonly<Record<number, Decision>>>>;

/** The same for several steps. */
function steps(numbers: readonly number[], decision: Decision): Readonly<Record<number, Decision>> {
  return Object.fromEntries(numbers.map((number) => [number, decision]));
}

/** OpenHands ends with status 500, or empties the file and says only that it could not be written. */
const keptFile: Decision = {
  why: 'what the encoding cannot hold is refused in our words, and the file stays as it was',
  status: 200,
};

const stays: Decision = { why: 'line ends stay those of the file' };
const lineOfLf: Decision = { why: 'CR alone ends no line of a file that has others' };
const bytes: Decision = { why: 'a file in no known encoding is shown and edited byte by byte', status: 200 };

const narrow = [
  ...['windows-1251', 'koi8-r', 'big5', 'shift_jis', 'euc-jp', 'euc-kr', 'iso-8859-1', 'windows-1252'].map(
    (name): readonly [string, Decisions[string]] => [
      `encoding: ${name}`,
      { ...steps([10, 12, 13], keptFile), 14: { why: 'the file is not empty' } },
    ],
  ),
];

/** Where files in other encodings than UTF-8 and with other line ends than LF come out otherwise, on purpose. */
export const decidedFiles: Decisions = {
  ...Object.fromEntries(narrow),
  'encoding: gbk': steps([10, 11, 12, 13], { why: 'a file of GBK does not become one of GB18030' }),
  'encoding: bytes of none': steps([2, 3, 4, 5, 6], bytes),
  'encoding and CRLF: gbk': steps([4, 6, 9], stays),
  'encoding and CRLF: windows-1251': steps([4, 6, 9], stays),
  'encoding and CRLF: utf-8 with a mark': steps([4, 6, 9], stays),
  'line ends: CRLF into LF': {
    4: lineOfLf,
    ...steps([7, 8], { why: 'a CRLF that is looked for is the end of a line' }),
  },
  'line ends: CR into LF': { 4: lineOfLf },
  'line ends: LF into CRLF': steps([5, 8, 11, 13, 18], stays),
  'line ends: CRLF into CRLF': steps([5, 7, 8, 11, 13, 18], stays),
  'line ends: CR into CRLF': { 4: lineOfLf, ...steps([5, 11, 13, 18], stays) },
  'line ends: LF into CR': steps([5, 8, 11, 13, 18], stays),
  'line ends: CRLF into CR': steps([5, 7, 8, 11, 13, 18], stays),
  'line ends: CR into CR': steps([4, 5, 7, 8, 11, 13, 18], stays),
  'line ends: several in one file': steps([2, 3, 4, 5, 6], stays),
  'nested: a shell on a terminal of its own': { 10: { why: 'both terminals show the key' } },
};
