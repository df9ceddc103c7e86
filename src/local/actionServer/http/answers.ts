import type { ServerResponse } from 'node:http';

/** A request that ends with another answer than the wanted one. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  /**
   * @param status HTTP status
   * @param detail text for the client, in the field `detail`
   * @param errors what is wrong with the request's parameters; only with 422
   */
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly errors?: string,
  ) {
    super(detail);
  }

  /** 422: the body or a query parameter is missing or has the wrong form. */
  static invalidParameters(errors: string): HttpError {
    return new HttpError(422, 'Invalid request parameters', errors);
  }
}

export const generalFailure = 'An unexpected error occurred. Please try again later.';

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value), 'utf8');
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

/** Answers with an error in the form that clients of this protocol expect. */
export function sendError(response: ServerResponse, error: HttpError): void {
  const body = error.errors === undefined ? { detail: error.detail } : { detail: error.detail, errors: error.errors };
  sendJson(response, error.status, body);
}
