/** The left column: the picture above the details. Where the picture is too wide and too high for it, it is scrolled from side to
    side, and both of them up and down. */

import { el, still } from "./dom.js";

const SHARE = 0.58;  // of the column, for a picture whose details scroll by themselves
const SEEN = 250;  // pixels of the details that are brought into view
const BAR = 56;  // of the buttons at the lower end of a small window

/**
 * @param {Element} picture the panel of the picture @param {Element} details
 * @returns {{element: HTMLElement, reveal: function(): void}}
 */
export function columnOf(picture, details) {
  const element = el("div", { class: "left" }, picture, details);
  const drawing = picture.querySelector(".drawing");
  new ResizeObserver(() => {
    const [width, height] = ["minWidth", "minHeight"].map((side) => parseFloat(getComputedStyle(drawing)[side]));
    element.classList.toggle("together", width > picture.clientWidth && height > SHARE * element.clientHeight);
  }).observe(element);

  /** Scroll until some of the details is seen, once these and the column are laid out. */
  function reveal() {
    requestAnimationFrame(() => requestAnimationFrame(scroll));
  }

  function scroll() {
    const isOwn = element.scrollHeight > element.clientHeight + 1 && getComputedStyle(element).overflowY === "auto";
    const hidden = details.getBoundingClientRect().top + SEEN - (isOwn ? element.getBoundingClientRect().bottom : innerHeight - BAR);
    if (hidden > 0) (isOwn ? element : window).scrollBy({ top: hidden, behavior: still() ? "instant" : "smooth" });
  }
  return { element, reveal };
}
