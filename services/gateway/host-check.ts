/**
 * Guards against foreign pages. Pure. A server on the loopback address also against DNS rebinding: a foreign page may
 * point its own name at 127.0.0.1 and would then be "the same origin".
 */

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/**
 * Whether a request may have been meant for this server.
 * @param listensOn `gateway.host`; other than loopback addresses are reached by names nobody here knows, and pass
 * @param hostHeader the request's Host header
 * @param allowedOrigins `gateway.allowedOrigins`: a proxy's public names stand there
 */
export function isOurHost(listensOn: string, hostHeader: string | undefined, allowedOrigins: string[]): boolean {
  if (!LOOPBACK.test(listensOn)) return true;
  if (!hostHeader) return false;
  const name = hostHeader.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return LOOPBACK.test(name) || allowedOrigins.some((origin) => new URL(origin).host === hostHeader);
}

/** Whether this server listens to this machine only. */
export const isLoopback = (listensOn: string): boolean => LOOPBACK.test(listensOn);

/**
 * Whether a request comes from a page that may act here: our own, an allowed one, or no page at all.
 * Browsers always say where a page that changes something comes from.
 */
export function isOurPage(
  origin: string | undefined,
  hostHeader: string | undefined,
  allowedOrigins: string[],
): boolean {
  return origin === undefined || allowedOrigins.includes(origin) || sameHost(origin, hostHeader);
}

function sameHost(origin: string, host: string | undefined): boolean {
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
