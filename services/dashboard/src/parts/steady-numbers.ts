/** The wheel is for scrolling: browsers would also turn the figure in a focused number field that lies under it. */
export function keepNumbersSteady(): void {
  const onWheel = ({ target }: WheelEvent): void => {
    if (target instanceof HTMLInputElement && target.type === 'number') target.blur();
  };
  addEventListener('wheel', onWheel, { capture: true, passive: true });
}
