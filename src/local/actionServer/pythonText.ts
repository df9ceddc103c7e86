/** How clients of this protocol are used to see values and file system errors: the way Python writes them. */

const errors = new Map<string, readonly [number, string]>([
  ['EPERM', [1, 'Operation not permitted']],
  ['ENOENT', [2, 'No such file or directory']],
  ['EACCES', [13, 'Permission denied']],
  ['EBUSY', [16, 'Device or resource busy']],
  ['EEXIST', [17, 'File exists']],
  ['ENOTDIR', [20, 'Not a directory']],
  ['EISDIR', [21, 'Is a directory']],
  ['ETXTBSY', [26, 'Text file busy']],
  ['ENOSPC', [28, 'No space left on device']],
  ['EROFS', [30, 'Read-only file system']],
  ['ENAMETOOLONG', [36, 'File name too long']],
  ['ELOOP', [40, 'Too many levels of symbolic links']],
  ['EDQUOT', [122, 'Disk quota exceeded']],
]);

/**
 * A file system error as Python would put it.
 *
 * @param path the path as the client knows it
 */
export function errorText(error: unknown, path: string): string {
  const known = error instanceof Error && 'code' in error ? errors.get(String(error.code)) : undefined;
  if (known !== undefined) return `[Errno ${known[0]}] ${known[1]}: '${path}'`;
  return error instanceof Error ? error.message : String(error);
}

/** A JSON value as Python would print it inside a text: strings bare, lists with their items quoted. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : literalText(value);
}

/** A JSON value as a literal of Python. */
export function literalText(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(literalText).join(', ')}]`;
  if (typeof value === 'object') {
    return `{${Object.entries(value)
      .map(([name, item]) => `${quoted(name)}: ${literalText(item)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}

function quoted(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
  if (escaped.includes("'") && !escaped.includes('"')) return `"${escaped}"`;
  return `'${escaped.replaceAll("'", "\\'")}'`;
}
