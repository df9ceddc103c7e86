import { decidedFiles } from './decidedFiles';
import type { Decision } from './decision';

const words: Decision = { why: 'what is wrong with the request is said in our words' };

const incomplete: Decision = { why: 'a command that does not end is a mistake with an exit code, and does not hang' };

/** Where our server answers otherwise on purpose: vector → number of the step, from 1 → why. */
export const decided: Readonly<Record<string, Readonly<Record<number, Decision>>>> = {
  'bodies that are no requests': { 3: words },
  'actions that nobody knows': { 1: words },
  envelopes: { 1: words, 2: words, 3: words },
  'a field that nobody knows': { 1: { why: 'fields of newer clients are passed over', status: 200 } },
  'fields of the wrong type': { 1: words },
  'several commands at once': { 2: { why: 'comments between commands are not counted to one of them' } },
  'an escaped semicolon at the end': { 1: { why: 'the command is not changed, and its echo is not output' } },
  'more lines than are kept': { 1: { why: 'the number of lines that are kept is exactly 10,000' } },
  'a bash of its own': { 4: { why: 'a command that ends its shell has an exit code, and does not hang' } },
  'a command when the old one has ended meanwhile': { 3: { why: 'no empty lines of prompts in the output' } },
  'nothing runs': { 5: { why: 'a key does not say that output was lost' } },
  'reading by absolute and relative paths': { 3: { why: 'paths are shown without dots' } },
  'binary files': { 2: { why: 'a relative path is tested like an absolute one' } },
  pictures: { 4: { why: 'a picture is shown by its absolute path, too' } },
  archives: { 5: words },
  'names that lead out': {
    1: { why: 'an upload cannot leave its folder' },
    2: { why: 'an upload cannot leave its folder' },
  },
  'a download of one file': { 2: { why: 'a file is downloaded as an archive with that file' } },
  'a download with a broken link': { 2: { why: 'one broken link does not spoil the whole download', status: 200 } },
  'edit: an end without a newline': Object.fromEntries(
    [2, 3, 4, 5].map((step) => [
      step,
      { why: 'what is inserted behind a last line without an end is a line of its own' },
    ]),
  ),
  'edit: binary files': { 3: { why: 'a binary file is refused as such' } },
  'edit: other encodings': {
    2: { why: 'files in other encodings can be edited' },
    3: { why: 'files in other encodings can be edited' },
  },
  'a quote that does not end': Object.fromEntries([1, 2].map((step) => [step, incomplete])),
  'what is not complete': Object.fromEntries([1, 2, 3, 4].map((step) => [step, incomplete])),
  'here-documents': Object.fromEntries(
    [3, 4, 5].map((step) => [step, { why: 'the command is not changed, and its echo is not output' }]),
  ),
  'pipes and lists over lines': { 3: { why: 'the command’s echo is not output' } },
  'bytes that are no text': Object.fromEntries(
    [3, 4].map((step) => [step, { why: 'a byte that is no text is seen to have been there' }]),
  ),
  clear: { 1: { why: 'what was cleared on purpose is not told to be lost' } },
  'reading where bash is': { 4: { why: 'paths are shown without dots' } },
  'edit: CRLF': { 3: { why: 'a file keeps its line ends' } },
  ...decidedFiles,
};
