/** The content of the page as its views read it, from the shorter form in which the file has it. */

/** How a part of a picture is, where the file does not say so. */
const USUAL = {
  text: { anchor: "start" }, number: { width: 70 }, shape: { round: false }, tiles: { merged: 1, alone: true },
  curve: { backward: false, faint: false, head: true },
};

/** @param {object} content as `content.py` makes it @returns {object} with a list of quantities, by their slots */
export function unpacked(content) {
  const columns = Object.entries(content.quantities).map(([key, of]) => [key, Array.isArray(of) ? of : of.of.map((kind) => of.kinds[kind])]);
  const quantities = columns[0][1].map((_, slot) => Object.fromEntries(columns.map(([key, values]) => [key, values[slot]])));
  const families = Object.create(null);  // a name may be __proto__
  quantities.forEach(({ family }, slot) => (families[family] ??= []).push(slot));
  const items = content.picture.items.map((item) => ({ ...USUAL[item.kind], ...item }));
  return { ...content, quantities, families, picture: { ...content.picture, items } };
}
