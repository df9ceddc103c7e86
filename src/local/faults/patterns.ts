/** True if a path fits a pattern: `*` and `{name}` stand for one part, `**` at the end for any further parts. */
export function pathFits(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const parts = path.split('/');
  const open = wanted.at(-1) === '**';
  if (open) {
    wanted.pop();
  }
  if (open ? parts.length < wanted.length : parts.length !== wanted.length) {
    return false;
  }
  return wanted.every((part, index) => part === '*' || /^\{.*\}$/.test(part) || part === parts[index]);
}

/** True if a text fits a pattern in which `*` stands for any characters. */
export function textFits(pattern: string, text: string): boolean {
  const quoted = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${quoted.join('.*')}$`, 's').test(text);
}
