/*
 * Secrets that tell by their name what they are: `password=…`, `"api_key": "…"`, `--token …`, `Authorization: …`,
 * `https://name:password@host`. Prose that speaks of passwords and tokens must stay as it is.
 */

const passwordName = 'pass(?:word|wd|phrase|code)|pwd|pgpassword|密码|口令';
const keyName = [
  'secret',
  'token',
  'tkn',
  'credentials?',
  '(?:api|access|secret|private|encryption|encrypt|signing|account|master|auth|session|deploy|license|service|storage|shared|webhook|bearer|jwt|ssh|gpg)[-_. ]?key',
  '(?:client|app|consumer|webhook|shared|jwt|cookie|session)[-_. ]?secret',
  'secret[-_]?(?:value|text|string|base)',
  '(?<![A-Za-z])auth|authtoken',
  '(?<=[_-])(?:pass|pat|psk)',
  '[密私]钥|令牌',
].join('|');
const names = `(?:${passwordName}|${keyName})`;
/** The names of what is secret, as the source of a pattern. */
export const secretNames = names;

/** Behind a name: quotes and brackets that close, then what stands between name and value. */
const separator = `(?:\\\\{0,3}["'\`])?[\\])]?[ \\t]{0,4}(?:=>|:=|==|=|[:：]|%3[AaDd])|(?<=<[\\w:.-]{0,60})>`;
const quotedValue = `(?<quote>["'\`])(?<quoted>(?:\\\\.|(?!\\k<quote>)[^\\\\\\n])*)`;
const escapedValue = `(?<escape>\\\\{1,3}["'])(?<escaped>[^\\n]*?)(?=\\k<escape>|\\n|$)`;
const bareValue = `(?<bare>[^\\s"'\`,;&<>\\\\|](?:[^\\s"'\`,;&<>\\\\]|\\\\(?!["'nrt]))*)`;
const value = `(?:${quotedValue}|${escapedValue}|${bareValue})`;

const assignment = new RegExp(
  `(?<name>${names})(?<separator>${separator})(?<space>[ \\t]{0,8}(?:\\n[ \\t]+)?)${value}`,
  'gi',
);
const option = new RegExp(`(?<name>--?[\\w-]{0,40}?${names})(?<separator>)(?<space>[ \\t]{1,4})(?!-)${value}`, 'gi');

/** Characters around a value that are looked at to judge it. */
const nearby = 100;

interface Groups {
  readonly name: string;
  readonly separator: string;
  readonly space: string;
  readonly quote?: string;
  readonly quoted?: string;
  readonly escape?: string;
  readonly escaped?: string;
  readonly bare?: string;
}

const isPasswordName = new RegExp(`(?:${passwordName}|(?<=[_-])pass)$`, 'i');
/** What stands in a secret's place without being one. */
const noSecret =
  /^(?:\[?(?:removed|redacted|hidden|masked|secret|filtered)\]?|\*+|x{3,}|\.{3,}|…|-|true|false|null|nil|none|undefined|nan|yes|no|on|off|string|str|number|int|integer|boolean|bool|bytes|buffer|object|any|unknown|void|required|optional|missing|empty|unset|set|not|is|was|are|has|must|should|will|can|cannot|could|may|for|to|of|the|an?|and|or|in|if|invalid|valid|incorrect|correct|wrong|expired|changed|updated|failed|failure|ok|error|denied|default|basic|bearer|digest|token|password)$/i;
const placeholder = /^(?:\$[A-Z_][A-Z0-9_]*$|\$?\{|\$\(|<|%[A-Z_]+%$|#\{)/;
const code =
  /^(?:(?:process\.env|os\.environ|env|config|settings|self|this|args|options|request|req|ctx)\b[.[(]|[A-Za-z_$][\w$.]*\()/;

/** Whether a word stands in a secret's place without being one. */
export function isNoSecret(word: string): boolean {
  return noSecret.test(word) || placeholder.test(word);
}

/** Removes the values of what is called a password, a token, a key or a secret. */
export function withoutAssignments(text: string): string {
  if (!/pass|pwd|secret|t(?:o)?k(?:e)?n|cred|key|auth|_p[as][tk]|[码令钥牌]/i.test(text)) return text;
  const judged = (all: string, ...rest: readonly unknown[]): string => {
    const { name, separator: sign, space, ...found } = rest.at(-1) as Groups;
    const at = rest.find((one) => typeof one === 'number') ?? 0;
    const given = found.quoted ?? found.escaped ?? found.bare ?? '';
    const isQuoted = found.bare === undefined;
    // What is near tells enough, and a line may have a megabyte.
    const behind = text.slice(at + all.length, at + all.length + nearby).split('\n', 1)[0] ?? '';
    const before =
      text
        .slice(Math.max(0, at - nearby), at)
        .split('\n')
        .at(-1) ?? '';
    if (
      !isSecret({
        name,
        given,
        isQuoted,
        isTight: sign !== '' && space === '' && !/^[:：]/.test(sign),
        before,
        behind,
      })
    ) {
      return all;
    }
    const closing = isQuoted ? '' : (/[)}\]]+$/.exec(given)?.[0] ?? '');
    return `${name}${sign}${space}${found.quote ?? found.escape ?? ''}[removed]${closing}`;
  };
  return text.replace(assignment, judged).replace(option, judged);
}

function isSecret({
  name,
  given,
  isQuoted,
  isTight,
  before,
  behind,
}: {
  readonly name: string;
  readonly given: string;
  readonly isQuoted: boolean;
  /** True for `name=value`, as programs write it. */
  readonly isTight: boolean;
  /** What stands before the name in its line, and behind the value. */
  readonly before: string;
  readonly behind: string;
}): boolean {
  const bare = given.replace(/[.!?)}\]]+$/, '');
  if (bare === '' || noSecret.test(bare) || placeholder.test(given) || given.startsWith('[removed]')) return false;
  // Prose, of which no blank tells where a word ends.
  if (/^\p{Script=Han}/u.test(bare)) return false;
  const isPassword = isPasswordName.test(name);
  const isMixed = /\d/.test(bare) ? /[A-Za-z]/.test(bare) || bare.length >= 6 : /[^A-Za-z]/.test(bare);
  if (isQuoted) return isPassword || isMixed || bare.length >= 6;
  if (code.test(given)) return false;
  if (isTight) return isPassword || (isMixed && bare.length >= 4) || bare.length >= 6;
  // In prose the word behind the colon is one of several, all of letters.
  if (/(?:unexpected|invalid|illegal|expected|unknown|bad|next|end)\s+$/i.test(before)) return false;
  const isLast = /^[\s"',;})\]]*$/.test(behind);
  if (isMixed) return isPassword || bare.length >= 6;
  if (isPassword) return isLast || /[a-z][A-Z]/.test(bare);
  const isFirst = /^[\s"'>-]*(?:export\s+|set\s+)?[\w.-]*$/.test(before);
  return bare.length >= 20 || (/[a-z][A-Z]/.test(bare) && bare.length >= 10) || (isFirst && isLast && bare.length >= 8);
}

const listed =
  /((?:proxy-)?authorization["'`]?\s{0,4}[:=]\s{0,4}\\{0,3}["'`]?(?:digest|hawk|aws4-hmac-sha256)\s+)[^\n]+/gi;
const authorization =
  /((?:proxy-)?authorization["'`]?\s{0,4}[:=]\s{0,4}\\{0,3}["'`]?)((?:basic|bearer|token|apikey|api-key|key|negotiate|ntlm)\s+)?([^\s"'`\\]+)([^"'`\n\\]*)/gi;
const bearer = /\b(bearer)(\s+)([A-Za-z0-9._~+/-]{6,}=*)/gi;
/** What prose says behind the word. */
const afterBearer =
  /^(?:authenticat\w{2,5}|authoriz\w{2,5}|certificates?|challenges?|credentials?|required|expected|provided|requests?|supported|instead|security|services?|mechanism|accepted|rejected)\.?$/i;
const cookie = /\b((?:set-)?cookie["'`]?:\s{0,4}["'`]?)([^\s"'`=;]{1,200}=[^"'`\n]+)/gi;
const urlPassword =
  /\b([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s/?#@:"'<>`]*):(?:[^\s/?#"'<>`]{1,500}|(?!\d{1,5}[/?#])[^\s"'<>@`]{1,500})@/gi;
const urlToken = /\b(https?:\/\/)(?=[A-Za-z_-]*\d)[A-Za-z0-9_.~%-]{16,}@/gi;
const queryValue =
  /([?&;](?:sig|signature|x-amz-(?:signature|credential|security-token)|x-goog-signature|code_verifier)=)[^&\s"'<>]+/gi;
const netrc = /\b(login\s+\S{1,100}\s+password\s+)\S+/gi;
const curlUser =
  /(\bcurl\b[^\n|;]{0,500}?\s(?:-[afgijklnpqsvBGILMNORSJZ#]{0,12}[uU]|--user|--proxy-user)[\s=]?["']?[^\s:"']{1,100}:)[^\s"']+/g;

/** Removes what opens doors in headers and addresses. */
export function withoutCredentials(text: string): string {
  let result = text;
  if (/authorization|bearer|cookie/i.test(text)) {
    result = result
      .replace(listed, '$1[removed]')
      .replace(authorization, (all, head: string, scheme: string | undefined, first: string, rest: string) => {
        if (/^(?:digest|hawk|aws4-hmac-sha256)$/i.test(first)) return all;
        if (noSecret.test(first) && scheme === undefined) return all;
        if (scheme === undefined && /^[a-z]+$/.test(first) && rest.trim() !== '') return all;
        return `${head}${scheme ?? ''}[removed]${rest}`;
      })
      .replace(bearer, (all, word: string, space: string, given: string) =>
        /[\d._~+/=-]|[a-z][A-Z]/.test(given.replace(/[.-]$/, '')) || (given.length >= 8 && !afterBearer.test(given))
          ? `${word}${space}[removed]`
          : all,
      )
      .replace(cookie, '$1[removed]');
  }
  if (text.includes('@')) result = result.replace(urlPassword, '$1[removed]@').replace(urlToken, '$1[removed]@');
  if (/[?&;](?:sig|x-|code_)/i.test(text)) result = result.replace(queryValue, '$1[removed]');
  if (text.includes('login')) result = result.replace(netrc, '$1[removed]');
  return text.includes('curl') ? result.replace(curlUser, '$1[removed]') : result;
}
