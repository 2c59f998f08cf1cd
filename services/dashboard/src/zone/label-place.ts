/** Where the name of a line stands: at the left, or beside those that stand there already, never over them. Pure. */
export type Label = { left: number; top: number; width: number; height: number };

export function placed(label: Label, told: readonly Label[], gap: number): Label {
  const level = told
    .filter((one) => one.top < label.top + label.height && label.top < one.top + one.height)
    .sort((one, other) => one.left - other.left);
  let { left } = label;
  for (const one of level)
    if (one.left < left + label.width && left < one.left + one.width) left = one.left + one.width + gap;
  return { ...label, left };
}
