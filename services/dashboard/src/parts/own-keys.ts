/** Keys of the page, and those of what one types, chooses or answers in. */
const TAKES_KEYS = 'input, select, textarea, dialog, [contenteditable]';

/** Whether a key belongs to the field or the dialog it was pressed in: no page then takes it for its own. */
export function isForField({ target }: KeyboardEvent): boolean {
  return target instanceof Element && target.closest(TAKES_KEYS) !== null;
}
