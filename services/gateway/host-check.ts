/**
 * Guards a server on the loopback address against DNS rebinding: a foreign page may point its own name at 127.0.0.1 and
 * would then be "the same origin". Pure.
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
