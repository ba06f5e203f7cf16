// Text onto the clipboard, also where the browser gives pages no clipboard: on an address that is neither https nor this machine's own.

/** The old way: a field that is selected and copied. */
const copyByField = (text: string): void => {
  const field = Object.assign(document.createElement('textarea'), { value: text, className: 'unseen' });
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
};

export const copy = (text: string): void => {
  if (navigator.clipboard === undefined) copyByField(text);
  else void navigator.clipboard.writeText(text).catch(() => copyByField(text));
};
