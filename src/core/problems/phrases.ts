import type { ParamsOf, Phrase } from './problem';

/** What is being done, as in "refused while reading a devbox". */
export const tasks = [
  'checking the API key',
  'closing a tunnel',
  'creating a devbox',
  'ending a command',
  'keeping a devbox alive',
  'listing blueprints',
  'listing devboxes',
  'listing network policies',
  'listing secrets',
  'listing snapshots',
  'marking a devbox',
  'opening a terminal',
  'opening a tunnel',
  'requesting a blueprint build',
  'reading a blueprint',
  'reading a devbox',
  'reading a file of a devbox',
  'reading a build log',
  'reading the usage of a devbox',
  'removing a blueprint',
  'renaming a devbox',
  'resuming a devbox',
  'shutting down a devbox',
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
  'a confirmation that the blueprint was removed',
  'a confirmation that the idle time was reset',
  'a snapshot',
  'a terminal connection',
  'an account',
  'an execution',
  'a build log',
  'the status of a snapshot',
  'the text of a file',
  'the usage of a devbox',
] as const;

/** Other pieces of sentences. */
export const pieces = [
  '{task} ({devbox})',
  'a file cannot be read: {why}',
  'a name can contain only letters, digits and _',
  'a value cannot contain a NUL character',
  'before it was running',
  'before this runtime attached to it',
  'devboxes',
  'has more than {most} pages',
  'has placeholders other than {names}',
  'in a loop',
  'is not a valid address',
  'is not an http or https URL',
  'it responds but is not ready',
  'it could not be unpacked: {why}',
  'it is not responding yet',
  'its shell did not report a home folder',
  'repeats the same pages',
  'must begin with https://',
  'must end with the host name',
  'must contain {name} in its host name',
  'must not contain a query or fragment',
  'must not contain a user name or password',
  'must use https, because http would send the API key unencrypted',
  "must use https://, because http:// would send the tunnel's token unencrypted",
  'no reason was given',
  'Runloop refused the request ({status}): {said}',
  'announces more entries but does not send them',
  'that would drop the request',
  'the connection failed',
  'the connection was cut during the response',
  'devbox {devbox}',
  'the value is not valid Unicode',
  'there',
  'to an invalid address',
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
