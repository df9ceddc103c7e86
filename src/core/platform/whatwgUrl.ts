/**
 * Stands in for the package `whatwg-url`, which node-fetch 2 needs on old Nodes only and which brings a 265 kB
 * Unicode table. Node's own URL is the same standard.
 */
const { URL: NodeURL, URLSearchParams: NodeURLSearchParams } = globalThis;
export { NodeURL as URL, NodeURLSearchParams as URLSearchParams };
export default { URL: NodeURL, URLSearchParams: NodeURLSearchParams };
