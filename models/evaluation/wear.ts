/** Kinds of wear, by name. By themselves, so that `evaluate --help` can name them without loading sharp. */

/** What a picture can suffer, in the order of the tables in docs/evaluation.md. */
export const WEAR = {
  grey: 'no colours, as infra-red cameras have none',
  dark: 'a third of the light',
  night: 'no colours, a third of the light, noise of 12 of 255',
  haze: 'half the contrast, about middle grey',
  harsh: 'nearly twice the contrast: black shadows, burnt lights',
  noise: 'noise of 15 of 255, each colour its own',
  compressed: 'JPEG of quality 25',
  blurred: 'out of focus by 1.5 px',
  half: 'half the pixels either way, enlarged again',
  amber: 'by sodium lamps: six tenths of the green, a tenth of the blue; noise of 2, JPEG of quality 85',
  red: 'on a red stage: four fifths of the red, an eighth of the green, a tenth of the blue; noise of 2, JPEG of quality 85',
} as const;
export type Wear = keyof typeof WEAR;
