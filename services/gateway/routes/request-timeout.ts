/** The whole of a request, a clip over a slow line included; its head has five seconds. */
export const REQUEST_TIMEOUT_MS = 60_000;
