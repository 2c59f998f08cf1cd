/** A zone's corners when it takes in all of the picture, as shares of its width and height. */
export const WHOLE_PICTURE: [number, number][] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];
