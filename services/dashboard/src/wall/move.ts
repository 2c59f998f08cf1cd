/** How a tile goes to its new place on the wall. */
import type { AnimationConfig, FlipParams } from 'svelte/animate';
import { flip } from 'svelte/animate';

/**
 * Svelte's flip, but at once where the tile has no size before or after (a wall
 * not measured yet): flip divides by it, and the keyframes would hold NaN.
 */
export function move(node: Element, boxes: { from: DOMRect; to: DOMRect }, params: FlipParams): AnimationConfig {
  const sizes = [
    boxes.from.width,
    boxes.from.height,
    boxes.to.width,
    boxes.to.height,
    node.clientWidth,
    node.clientHeight,
  ];
  return sizes.every((px) => px > 0) ? flip(node, boxes, params) : { duration: 0 };
}
