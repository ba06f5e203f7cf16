// How many steps code takes through texts, for tests of what it costs: characters that it asks for, and those that searches and patterns pass over.
// What a pattern takes back and tries again is not counted. No clock is read, and the same text gives the same number.

/** `at`: where the search begins; `found`: -1 where it ends at the end of the text. */
const passed = (text: string, at: number, found: number): number => 1 + Math.abs((found === -1 ? text.length : found) - at);

const passedByPattern = ({ global, sticky, lastIndex }: RegExp, text: string, match: RegExpExecArray | null, from: number): number => {
  if (match !== null) return 1 + (global || sticky ? lastIndex - from : match.index + match[0].length);
  return sticky ? 1 : 1 + Math.max(0, text.length - from);
};

export const stepsOf = (run: () => void): number => {
  const { charCodeAt, indexOf, lastIndexOf, includes, slice } = String.prototype;
  const { exec } = RegExp.prototype;
  let steps = 0;
  Object.assign(String.prototype, {
    charCodeAt(this: string, at: number): number {
      steps++;
      return charCodeAt.call(this, at);
    },
    indexOf(this: string, what: string, from = 0): number {
      const found = indexOf.call(this, what, from);
      steps += passed(this, from, found);
      return found;
    },
    lastIndexOf(this: string, what: string, from = this.length): number {
      const found = lastIndexOf.call(this, what, from);
      steps += 1 + Math.min(from, this.length) - Math.max(0, found);
      return found;
    },
    includes(this: string, what: string, from = 0): boolean {
      const found = indexOf.call(this, what, from);
      steps += passed(this, from, found);
      return found !== -1;
    },
    slice(this: string, from?: number, to?: number): string {
      const part = slice.call(this, from, to);
      steps += part.length;
      return part;
    },
  });
  RegExp.prototype.exec = function (text: string): RegExpExecArray | null {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    const match = exec.call(this, text);
    steps += passedByPattern(this, text, match, from);
    return match;
  };
  try {
    run();
  } finally {
    Object.assign(String.prototype, { charCodeAt, indexOf, lastIndexOf, includes, slice });
    RegExp.prototype.exec = exec;
  }
  return steps;
};
