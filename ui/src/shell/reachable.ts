// The keyboard reaches an element that scrolls by itself or is read by arrows, although it is no control: a tab stop as an attachment.
export const reachable = (element: HTMLElement): void => {
  element.tabIndex = 0;
};
