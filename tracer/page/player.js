/** Going through the equations by itself, one after the other. */

/** @param {function(): boolean} next goes on, false at the end @param {function(): void} changed */
export function playerOf(next, changed) {
  let timer = null;
  let pace = 1200;

  function tick() {
    timer = next() ? setTimeout(tick, pace) : null;
    changed();
  }
  function pause() {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    changed();
  }
  return {
    isPlaying: () => timer !== null,
    pause,
    toggle: () => (timer === null ? tick() : pause()),
    pace: (milliseconds) => { pace = milliseconds; },
  };
}
