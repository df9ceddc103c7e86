/** The port of 127.0.0.1 of an isolated network behind which its way out is. */
export const proxyPort = 3128;

/** Variables that send programs this way; in both spellings, since programs differ in which they read. */
export const proxyVariables: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['http_proxy', `http://127.0.0.1:${proxyPort}`],
    ['https_proxy', `http://127.0.0.1:${proxyPort}`],
    ['no_proxy', '127.0.0.1,::1'],
  ].flatMap(([name = '', value = '']) => [
    [name, value],
    [name.toUpperCase(), value],
  ]),
);
