import { isNoSecret, secretNames } from './assignments';

/*
 * Secrets among the words of a command: behind an option that each program calls otherwise, behind a command whose only word
 * is one, or behind the name of a setting.
 */

const word = `(?:"[^"\\n]{1,200}"|'[^'\\n]{1,200}'|[^\\s"'|;&]{1,200})`;
/** A word that is no word of a language. */
const mixed = `(?=\\S{0,80}\\d|\\S{16})(?!-)${word}`;
const more = '[^\\n|;&]{0,300}?';

/** Each: what a text must have for it, and in a command what stays to be read and what goes. */
const commands: readonly (readonly [has: string, shown: string, secret: string])[] = [
  ['sshpass', '\\bsshpass {1,4}-p ?', word],
  ['my?sql|maria', `\\b(?:mysql|mariadb)[\\w-]{0,9}${more}\\s-p`, word],
  [
    ' login',
    `\\b(?:docker|podman|nerdctl|skopeo|buildah|oras|auth|registry|az|cf|oc|ibmcloud) login\\b${more} -p[ =]?`,
    word,
  ],
  ['mongo|twine|snowsql', `\\b(?:mongo\\w{0,9}|twine|snowsql)\\b${more} -p[ =]?`, word],
  ['redis-cli', `\\bredis-cli\\b${more} -a `, word],
  ['ldap', `\\bldap\\w{1,9}\\b${more} -w `, word],
  ['zip|sqlcmd', `\\b(?:zip|unzip|sqlcmd)\\b${more} -P `, word],
  ['7z', `\\b7z\\w? ${more} -p`, word],
  ['openssl', `\\bopenssl\\b${more} (?:-(?:k|K) |-pass(?:in|out)? pass:)`, word],
  ['smb', `\\bsmb\\w{2,9}\\b${more} -U ["']?[^\\s%"']{1,60}%`, `[^\\s"']{1,200}`],
  ['gh ', `\\bgh secret set ${more} (?:-b|--body)[ =]`, word],
  ['https? ', `\\bhttps? (?:${more} )?(?:-a|--auth)[ =]["']?[^\\s:"']{1,100}:`, `[^\\s"']{1,200}`],
  ['sqlplus', `\\bsqlplus\\b${more}[\\w.]{1,60}/`, `[^\\s@"'/]{1,200}(?=@)`],
  [
    'login|auth|obscure',
    '\\b(?:(?:vault|cargo) login|snyk auth|ngrok authtoken|rclone obscure|doctl auth init -t) ',
    mixed,
  ],
  ['password-stdin', '\\becho (?:-n )?', `${word}(?=\\s{0,4}\\|[^\\n]{0,200}--password-stdin)`],
  [
    'http-basic|oauth\\.',
    `\\bconfig ${more}(?:http-basic\\.\\S{1,60} \\S{1,60}|[a-z]{2,20}-oauth\\.\\S{1,60}) `,
    mixed,
  ],
];
const places = commands.map(
  ([has, shown, secret]) => [new RegExp(has), new RegExp(`(${shown})${secret}`, 'g')] as const,
);

const settings = new RegExp(
  `(\\bconfig(?:ure)?(?: (?:set|--\\w{1,9})){0,3} [\\w./:@-]{0,80}?${secretNames}(?:\\.[\\w-]{1,30})? {1,4}|` +
    `\\bsetx (?:/\\w {1,2})?"?\\w{0,60}?${secretNames}"? {1,4}|` +
    `SetEnvironmentVariable\\(\\s{0,4}["']\\w{0,60}?${secretNames}["']\\s{0,4},\\s{0,4})(${mixed})`,
  'gi',
);

/** Removes secrets that are words of a command. */
export function withoutCommandSecrets(text: string): string {
  let result = text;
  for (const [has, place] of places) if (has.test(result)) result = result.replace(place, '$1[removed]');
  if (!/config|setx|SetEnv/i.test(text)) return result;
  return result.replace(settings, (all: string, head: string, value: string) =>
    isNoSecret(value) || value.includes('[removed]') ? all : `${head}[removed]`,
  );
}
