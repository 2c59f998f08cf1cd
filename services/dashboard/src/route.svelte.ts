/** Where the page is, kept in the address, so that everything can be linked to and "back" works. */
import { isPage, type PageId } from './pages.ts';

export type Route =
  | { page: 'wall' }
  | { page: 'camera'; cameraId: string }
  | { page: PageId; params: readonly string[] };

const ADDRESS = /^#\/([a-z]+)((?:\/[\w.~%-]+)*)$/;

/** Anything unknown is the wall. */
function parseRoute(hash: string): Route {
  const [, page, rest = ''] = ADDRESS.exec(hash) ?? [];
  const params = rest.split('/').filter(Boolean).map(decoded);
  if (page === 'camera' && params.length === 1 && params[0]) return { page, cameraId: params[0] };
  return page !== undefined && isPage(page) ? { page, params } : { page: 'wall' };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const cameraHref = (cameraId: string): string => pageHref('camera', cameraId);
export const pageHref = (page: PageId | 'camera', ...params: string[]): string =>
  `#/${[page, ...params.map(encodeURIComponent)].join('/')}`;
export const WALL_HREF = '#/';

export class Router {
  current: Route = $state.raw(parseRoute(location.hash));

  constructor() {
    addEventListener('hashchange', () => {
      this.current = parseRoute(location.hash);
    });
  }

  openCamera(cameraId: string): void {
    this.#go(cameraHref(cameraId));
  }

  /** @param action what the operator wants to do there */
  openAlert(alertId: string, action?: string): void {
    this.#go(pageHref('alerts', alertId, ...(action ? [action] : [])));
  }

  openWall(): void {
    this.#go(WALL_HREF);
  }

  /** At once, not when the browser says so: the next key may already be meant for the next page. */
  #go(href: string): void {
    location.hash = href;
    this.current = parseRoute(href);
  }
}
