// The moment, as what shows ages needs it: moved on every few seconds while somebody looks.

export class Ticking {
  now = $state(Date.now());

  /** To be called in an effect; returns its end. */
  start(everyMs = 5000): () => void {
    const timer = setInterval(() => {
      this.now = Date.now();
    }, everyMs);
    return () => clearInterval(timer);
  }
}
