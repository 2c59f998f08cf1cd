/** What `bench dashboard` runs inside the page. As text, because benchmarks are type-checked for Node, where there is no document. */

/** Runs before the page: keeps every long task with its time, and how long every key waited. */
export const WATCH = `
  window.keyDelays = [];
  addEventListener('keydown', (event) => window.keyDelays.push(performance.now() - event.timeStamp), true);
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) window.longTasks.push([startTime, duration]);
  }).observe({ type: 'longtask', buffered: true });
`;

/** Counts the pictures that each tile shows from now on. */
export const COUNT_PICTURES = `
  window.keyDelays = [];
  window.pictures = new Map();
  window.pictureWatch?.disconnect();
  window.pictureWatch = new MutationObserver((changes) => {
    for (const { target } of changes) window.pictures.set(target, (window.pictures.get(target) ?? 0) + 1);
  });
  for (const tile of document.querySelectorAll('[data-testid="tile"]'))
    window.pictureWatch.observe(tile, { subtree: true, attributeFilter: ['data-seq'] });
`;

/** Pictures of each tile by whether it is in view now. */
export const PICTURES = `(() => {
  const all = [...document.querySelectorAll('[data-testid="picture"]')].map((picture) => {
    const { top, bottom } = picture.getBoundingClientRect();
    return { inView: top < innerHeight && bottom > 0, count: window.pictures.get(picture) ?? 0 };
  });
  const of = (inView) => all.filter((one) => one.inView === inView).map(({ count }) => count);
  return { inView: of(true), outOfView: of(false) };
})()`;
