import { DevboxError, messageOf } from '../errors';
import { shortageOf } from '../host/shortage';

/** A refusal with everything a client needs: status, code, and a sentence. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** Sent as `x-should-retry`: the SDK would otherwise repeat some permanent refusals for half a minute. */
  readonly retryable: boolean | undefined;
  /** Headers that belong to this refusal alone, for example `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    retryable?: boolean,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.retryable = retryable;
    this.headers = headers;
  }

  /** The refusal's body and headers as they go out, without those about the body's length. */
  answer(requestId: string): { readonly body: Record<string, unknown>; readonly headers: Record<string, string> } {
    return {
      body: { error: this.code, message: this.message, request_id: requestId, retryable: this.retryable ?? false },
      headers: {
        'x-runloop-error-code': this.code,
        'x-runloop-request-id': requestId,
        ...(this.retryable === undefined ? {} : { 'x-should-retry': String(this.retryable) }),
        ...this.headers,
      },
    };
  }
}

/** A request that makes no sense as it is. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, 'invalid_request', message);
}

/** Something of Runloop's that the local platform does not do. */
export function notOffered(what: string): ApiError {
  return new ApiError(
    501,
    'not_offered',
    `The local platform does not offer ${what}. Use a Runloop account for it.`,
    false,
  );
}

/** Turns anything thrown into an answer. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) {
    return thrown;
  }
  if (thrown instanceof DevboxError) {
    switch (thrown.kind) {
      case 'invalid':
        return badRequest(thrown.message);
      case 'not_found':
        return new ApiError(404, 'not_found', thrown.message);
      case 'wrong_state':
        return new ApiError(400, 'wrong_state', thrown.message);
      case 'conflict':
        return new ApiError(409, 'conflict', thrown.message, false);
      case 'busy':
        return new ApiError(429, 'too_many_requests', thrown.message, true);
      case 'not_offered':
        return new ApiError(501, 'not_offered', thrown.message, false);
      case 'no_room':
        return new ApiError(507, 'insufficient_storage', thrown.message, false);
      case 'exhausted':
        return new ApiError(503, 'resources_exhausted', thrown.message, true);
      case 'failed':
        return new ApiError(500, 'devbox_failed', thrown.message, false);
    }
  }
  const shortage = shortageOf(thrown);
  if (shortage !== undefined) {
    return toApiError(new DevboxError(shortage.kind, shortage.sentence, { cause: thrown }));
  }
  return new ApiError(500, 'internal_error', `The local platform failed: ${messageOf(thrown)}`, false);
}
