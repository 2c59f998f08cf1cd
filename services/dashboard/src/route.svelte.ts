/** Where the page is: the wall, or one camera. Kept in the address, so that a camera can be linked to and "back" works. */
export type Route = { page: 'wall' } | { page: 'camera'; cameraId: string };

export function parseRoute(hash: string): Route {
  const match = /^#\/camera\/([A-Za-z0-9_-]+)$/.exec(hash);
  return match?.[1] ? { page: 'camera', cameraId: match[1] } : { page: 'wall' };
}

export const cameraHref = (cameraId: string): string => `#/camera/${cameraId}`;
export const WALL_HREF = '#/';

export class Router {
  current: Route = $state.raw(parseRoute(location.hash));

  constructor() {
    addEventListener('hashchange', () => {
      this.current = parseRoute(location.hash);
    });
  }

  openCamera(cameraId: string): void {
    location.hash = cameraHref(cameraId);
  }

  openWall(): void {
    location.hash = WALL_HREF;
  }
}
