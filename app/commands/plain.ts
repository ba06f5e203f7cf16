// Text that a terminal shows and does not obey.

/** A value as one line of text: control characters and escapes are `·`, missing is `–`. */
export const plain = (value: unknown): string => {
  if (value === null || value === undefined) return '–';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(/\p{Cc}/gu, '·');
};
