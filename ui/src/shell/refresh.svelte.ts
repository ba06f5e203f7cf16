// The beat that asks everything on the screen again: by hand, or every so many seconds while the page is seen.

class Refresh {
  /** Rises by one for each time to ask again. */
  beat = $state(0);
  /** The last one was not by hand. */
  isTimed = false;

  now(): void {
    this.isTimed = false;
    this.beat++;
  }

  /** Starts beating; the returned function ends it. 0 seconds is never. */
  every(seconds: number): () => void {
    if (seconds === 0) return () => undefined;
    const timer = setInterval(() => {
      if (document.visibilityState !== 'visible') return;
      this.isTimed = true;
      this.beat++;
    }, seconds * 1000);
    return () => clearInterval(timer);
  }
}
export const refresh = new Refresh();
