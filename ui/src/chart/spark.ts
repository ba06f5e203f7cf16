// The line of a sparkline as an SVG path: values in equal steps, gaps as gaps, a value between two gaps as a short dash.
// Pure: one pass over the values, one string; a list of 200 of them costs less than a frame.

/**
 * The path within `width` × `height` pixels. The axis runs from 0 (or the smallest value below it) to `top`, by default the largest value;
 * null, undefined and NaN are gaps. Empty where there is nothing to draw.
 */
export const sparkPath = (values: readonly (number | null | undefined)[], width: number, height: number, top?: number): string => {
  let high = top ?? 0;
  let low = 0;
  for (const value of values) {
    if (typeof value !== 'number' || !Number.isFinite(value)) continue;
    if (value > high) high = value;
    if (value < low) low = value;
  }
  const span = high - low || 1;
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  let path = '';
  let drawing = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      drawing = false;
      continue;
    }
    const x = (i * step).toFixed(1);
    const y = (1 + (1 - (value - low) / span) * (height - 2)).toFixed(1);
    const next = values[i + 1];
    if (drawing) path += `L${x} ${y}`;
    else if (typeof next === 'number' && Number.isFinite(next)) path += `M${x} ${y}`;
    else path += `M${x} ${y}h1.5`;
    drawing = true;
  }
  return path;
};
