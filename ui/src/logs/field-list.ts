// Small words of the field list: shares as people read them, and what a type is called in one sign.

/** `<1%`, `12%`, `100%`; never 0 for what is there, never 100 for what is not all. */
export const percent = (share: number): string => {
  if (!(share > 0)) return '0%';
  const rounded = Math.round(share * 100);
  if (rounded === 0) return '<1%';
  return rounded === 100 && share < 1 ? '>99%' : `${Math.min(100, rounded)}%`;
};

const SIGNS: Readonly<Record<string, string>> = { string: 'a', int: '#', float: '#', duration: '#', time: '◷', bool: '±', ip: 'ip' };
export const typeSign = (type: string): string => SIGNS[type] ?? '…';
