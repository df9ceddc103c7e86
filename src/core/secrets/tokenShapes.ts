/*
 * Secrets that tell by their form what they are. Each row: what stays to be read, and what follows it and goes. The
 * lengths keep ordinary words out ("npm_config_registry", "sk-learn", "hf_hub_download").
 */
const shapes: readonly (readonly [shown: string, secret: string])[] = [
  // GitHub, GitLab, Bitbucket and Atlassian.
  ['gh[pousr]_', '[A-Za-z0-9]{16,}'],
  ['github_pat_', '[A-Za-z0-9_]{16,}'],
  ['gl(?:pat|ptt|dt|rt|rtr|cbt|ft|imt|agent|oas|soat|ffct)-', '[A-Za-z0-9_.-]{16,}'],
  ['ATBB|ATATT3', '[A-Za-z0-9_=-]{20,}'],
  // Language models.
  ['sk-(?:ant|proj|svcacct|admin|or|lf)-', '[A-Za-z0-9_-]{12,}'],
  ['sk-', '(?:[A-Za-z0-9]{20,}|(?=[A-Za-z_-]{0,60}[0-9])(?=[a-z0-9_-]{0,60}[A-Z])[A-Za-z0-9_-]{20,})'],
  ['hf_|gsk_|r8_|fw_|api_org_', '[A-Za-z0-9]{20,}'],
  ['xai-|pplx-', '[A-Za-z0-9]{32,}'],
  ['nvapi-|tvly-', '[A-Za-z0-9_-]{20,}'],
  // Clouds and services.
  ['A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA|AROA|AIDA', '[A-Z0-9]{16}(?![A-Za-z0-9])'],
  ['AIza', '[A-Za-z0-9_-]{30,}'],
  ['GOCSPX-|ya29\\.', '[A-Za-z0-9_.-]{20,}'],
  ['do[opr]_v1_', '[a-f0-9]{32,}'],
  ['dapi', '[a-f0-9]{32}(?:-[0-9])?'],
  ['hv[sbr]\\.', '[A-Za-z0-9_-]{20,}'],
  ['pscale_(?:tkn|pw|oauth)_|tskey-[a-z]{2,10}-|lin_api_|sntry[su]_|figd_|glsa_|glc_', '[A-Za-z0-9_=+/-]{16,}'],
  ['sbp_|NRAK-|PMAK-|fm2_', '[A-Za-z0-9_=+/-]{20,}'],
  // Packages and images.
  ['npm_', '[A-Za-z0-9]{30,}'],
  ['pypi-', '(?:AgE[A-Za-z0-9_-]{8,}|(?=[A-Za-z_-]{0,60}[0-9])(?=[a-z0-9_-]{0,60}[A-Z])[A-Za-z0-9_-]{24,})'],
  ['dckr_(?:pat|oat)_|rubygems_', '[A-Za-z0-9_-]{16,}'],
  // Chats, mails, payments, shops.
  ['xox[a-z](?:\\.xox[a-z])?-|xapp-', '[A-Za-z0-9-]{8,}'],
  ['hooks\\.slack\\.com/(?:services|workflows|triggers)/', '[A-Za-z0-9/_-]{8,}'],
  ['discord(?:app)?\\.com/api/webhooks/', '[0-9]{5,}/[A-Za-z0-9_-]{8,}'],
  ['[0-9]{8,10}:AA', '[A-Za-z0-9_-]{30,}'],
  ['SG\\.', '[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}'],
  ['(?:sk|rk)_(?:live|test)_', '[A-Za-z0-9]{8,}'],
  ['whsec_', '[A-Za-z0-9+/=]{16,}'],
  ['shp(?:at|ca|pa|ss)_', '[A-Za-z0-9]{20,}'],
  ['AGE-SECRET-KEY-1', '[A-Z0-9]{20,}'],
  // Runloop's own keys.
  ['[ar]k_', '(?:(?=[A-Za-z_-]{0,60}[0-9])[A-Za-z0-9_-]{6,}|[A-Za-z0-9]{16,})'],
  // JSON Web Tokens, signed or encrypted.
  ['eyJ', '[A-Za-z0-9_-]{6,}\\.[A-Za-z0-9_-]{6,}(?:\\.[A-Za-z0-9_-]*){0,3}'],
];

/** At the beginning of a word; an escape in front of it (`%3D`, `\n`) is none of the word's letters. */
const wordStart = '(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}|\\\\[nrt]|\\\\u00[0-9a-f]{2}))';
const tokens = new RegExp(
  `${wordStart}(?=[agsphxfrntvAGdSNPwlD0-9eT])(?:${shapes.map(([shown, secret]) => `(${shown})${secret}`).join('|')})`,
  'g',
);

/** Removes tokens that tell by their form what they are; what names their kind stays. */
export function withoutTokens(text: string): string {
  return text.replace(tokens, (_all, ...groups: readonly unknown[]) => {
    const shown = groups.slice(0, shapes.length).find((group) => typeof group === 'string');
    return `${String(shown)}[removed]`;
  });
}

const lineEnd = /(?:[_-]|AIza|A[KS]IA|eyJ)[A-Za-z0-9_.-]*$/;
const wholeToken = new RegExp(`^(?:${tokens.source})`);

/**
 * How many characters of a line go on with a token that the line before ends with.
 *
 * @param before the end of the line before
 */
export function tokenEnd(before: string, line: string): number {
  const run = /^[A-Za-z0-9_.-]{2,}/.exec(line)?.[0];
  if (run === undefined || !lineEnd.test(before)) return 0;
  const begun = /[A-Za-z0-9_.-]{1,200}$/.exec(before)?.[0] ?? '';
  const joint = wholeToken.exec(begun + run)?.[0].length ?? 0;
  if (joint <= begun.length) return 0;
  const wasWhole = wholeToken.test(begun);
  // Behind a token that may be whole, a word is a word.
  if (wasWhole && /^[A-Za-z]?[a-z]+[.]?$/.test(run)) return 0;
  return joint - begun.length;
}
