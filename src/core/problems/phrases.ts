import type { ParamsOf, Phrase } from './problem';

/** What is being done, as in "refused while reading a devbox". */
export const tasks = [
  'checking the API key',
  'creating a devbox',
  'ending a command',
  'keeping a devbox alive',
  'listing blueprints',
  'listing devboxes',
  'listing network policies',
  'listing secrets',
  'listing snapshots',
  'opening a terminal',
  'opening a tunnel',
  'ordering a blueprint',
  'reading a blueprint',
  'reading a devbox',
  'reading a file of a devbox',
  'reading the log of a build',
  'reading the usage of a devbox',
  'removing a blueprint',
  'renaming a devbox',
  'resuming a devbox',
  'shutting a devbox down',
  'starting a command',
  'suspending a devbox',
  'taking a snapshot',
  'waiting for a blueprint',
  'waiting for a command',
  'waiting for a devbox',
  'waiting for a snapshot',
  'writing a file of a devbox',
] as const;

/** What an answer is to be. */
export const things = [
  'JSON',
  'a blueprint',
  'a devbox',
  'a list of blueprints',
  'a list of devboxes',
  'a list of network policies',
  'a list of secrets',
  'a list of snapshots',
  'a log',
  'a sign that the blueprint was removed',
  'a sign that the idle time was reset',
  'a snapshot',
  'a way to a terminal',
  'an account',
  'an execution',
  'the log of a build',
  'the status of a snapshot',
  'the text of a file',
  'the usage of a devbox',
] as const;

/** Other pieces of sentences. */
export const pieces = [
  '{task} ({devbox})',
  'a file cannot be read: {why}',
  'a name has letters, digits and _ only',
  'a value cannot contain a NUL character',
  'before it was running',
  'before this runtime attached to it',
  'devboxes',
  'has more than {most} pages',
  'has other words in braces than {names}',
  'in a circle',
  'is not an address',
  'is not an http or https URL',
  'it answers, but is not ready',
  'it could not be unpacked: {why}',
  'it does not answer yet',
  'it gave no reason',
  'its shell did not tell where its home is',
  'leads in a circle',
  'must begin with https://',
  'must end with the host name',
  'must have {name} in its host name',
  'must not contain a query or fragment',
  'must not contain a user name or password',
  'must use https, as http would send the API key in the clear',
  'must use https://, as http:// would send the tunnel’s token in the clear',
  'no reason was given',
  'Runloop refused it ({status}): {said}',
  'says that there is more, and does not give it',
  'that would drop what was asked',
  'the connection failed',
  'the connection was cut in the middle of the answer',
  'the devbox {devbox}',
  'the value is not valid Unicode',
  'there',
  'to something that is no address',
  'to {address}',
  'while it was being suspended',
  'while its action server was starting',
] as const;

export type Task = (typeof tasks)[number];
export type Thing = (typeof things)[number];
export type PhraseText = Task | Thing | (typeof pieces)[number];

/** A piece of a sentence, to be put into it in the reader's language. */
export function phrase<Text extends PhraseText>(text: Text, ...[params]: ParamsOf<Text>): Phrase {
  return { text, params: params ?? {} };
}
