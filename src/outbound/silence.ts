/** Notices when what has begun to come does not go on. */

export interface Silence {
  /** Something came. */
  heard(): void;
  stop(): void;
}

/** @param fallen called once, when nothing was heard for so many milliseconds */
export function listenForSilence(milliseconds: number, fallen: () => void): Silence {
  let last = performance.now();
  let stopped = false;
  let timer = setTimeout(look, milliseconds);

  /** One timer, set anew when it fires rather than with all that is heard. */
  function look(): void {
    const seen = last;
    const left = seen + milliseconds - performance.now();
    if (left > 0) timer = setTimeout(look, left);
    // One turn of the event loop more: after a long pause of ours there may be something unread.
    else
      setImmediate(() => {
        if (stopped) return;
        if (last === seen) fallen();
        else look();
      });
  }

  return {
    heard: () => {
      last = performance.now();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
