/** Lets one text through per gap; of those that come meanwhile the newest follows when the gap is over. */
export function makePacer({
  gapMs,
  say,
  now,
  later,
}: {
  readonly gapMs: number;
  readonly say: (text: string) => void;
  readonly now: () => number;
  /** Gives back how to call it off. */
  readonly later: (run: () => void, ms: number) => () => void;
}) {
  let saidAtMs = Number.NEGATIVE_INFINITY;
  let saidText = '';
  let waiting: string | null = null;
  let callOff: (() => void) | null = null;

  function sayNow(text: string) {
    callOff?.();
    callOff = null;
    waiting = null;
    saidAtMs = now();
    // A live region is silent when its text stays equal; a no-break space at the end makes it another text.
    saidText = text === saidText ? `${text}\u{A0}` : text;
    say(saidText);
  }

  return {
    push(text: string, isUrgent: boolean): void {
      const leftMs = saidAtMs + gapMs - now();
      if (isUrgent || leftMs <= 0) {
        sayNow(text);
        return;
      }
      waiting = text;
      callOff ??= later(() => {
        callOff = null;
        if (waiting !== null) sayNow(waiting);
      }, leftMs);
    },
  };
}
