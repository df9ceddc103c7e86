/** Metadata by which is found what a request has made that was not answered. */
export const requestKey = 'runloop-devboxes-request';
