/** Starts the page with what the file holds. */

import { Engine } from "./engine.js";
import { start } from "./main.js";
import { State } from "./state.js";

const root = document.getElementById("page");
boot().catch(error => {
  root.textContent = `This page cannot be shown here: ${error.message}. A current browser is needed.`;
  throw error;
});

async function boot() {
  const { data, content } = JSON.parse(await inflated(document.getElementById("data").textContent));
  const engine = new Engine(data, program);
  root.textContent = "";
  start(root, engine, new State(engine, window, content.lines.length), content, shapes);
}

/** The text that was deflated and written in base 64. */
async function inflated(written) {
  const bytes = Uint8Array.from(atob(written), character => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).text();
}
