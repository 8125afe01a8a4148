// Maps of the signal: reading a field by pointing or with the arrow keys, and choosing a trial.
(() => {
  "use strict";
  const section = document.getElementById("signal");
  if (!section) return;
  const code = JSON.parse(section.dataset.code);

  const words = (number) => {
    if (number === code.zero) return "exactly zero";
    if (number === code.broken) return "not finite";
    const decades = (number - code.middle) / code.per_decade;
    const power = Math.floor(decades);
    const digits = (10 ** (decades - power)).toFixed(1);
    return digits === "10.0" ? `1.0e${power + 1}` : `${digits}e${power}`;
  };

  const numbers = (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return new Uint16Array(bytes.buffer); // little-endian, as every browser of today is
  };

  const enliven = (map) => {
    const read = map.closest("figure").querySelector(".flow-read");
    const [places, steps] = [code.axes[map.dataset.places], code.axes[map.dataset.steps]];
    const said = read.textContent;
    let known, here, row = 0, column = 0;

    const show = () => {
      known ??= numbers(map.dataset.numbers);
      if (!here) {
        here = document.createElement("span");
        here.className = "flow-here";
        map.append(here);
      }
      here.style.cssText = `left: ${(100 * column) / steps.length}%; top: ${(100 * row) / places.length}%; width: ${100 / steps.length}%; height: ${100 / places.length}%`;
      read.textContent = `step ${steps[column]}, ${places[row]}: ${words(known[row * steps.length + column])}`;
    };
    const forget = () => { here?.remove(); here = undefined; read.textContent = said; };
    const within = (share, count) => Math.min(Math.max(Math.floor(share * count), 0), count - 1);
    const point = ({ clientX, clientY }) => {
      const box = map.getBoundingClientRect();
      column = within((clientX - box.left) / box.width, steps.length);
      row = within((clientY - box.top) / box.height, places.length);
      show();
    };
    const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    map.addEventListener("keydown", (event) => {
      const move = MOVES[event.key];
      if (!move) return;
      event.preventDefault();
      row = Math.min(Math.max(row + move[0], 0), places.length - 1);
      column = Math.min(Math.max(column + move[1], 0), steps.length - 1);
      show();
    });
    map.addEventListener("focus", () => { if (map.matches(":focus-visible")) show(); });
    map.addEventListener("blur", forget);
    map.addEventListener("pointermove", point);
    map.addEventListener("pointerdown", point);
    map.addEventListener("pointerleave", forget);
  };

  for (const map of section.querySelectorAll(".flow-map")) enliven(map);

  const choice = section.querySelector(".flow-choice");
  if (!choice) return; // the page of a single trial
  const panel = choice.querySelector(".flows");
  choice.hidden = false;
  choice.querySelector("select").addEventListener("change", ({ target }) => {
    const template = section.querySelector(`template[data-trial="${target.value}"]`);
    const figure = template?.content.querySelector("figure") ?? document.getElementById(`flow-${target.value}`);
    if (!figure) return panel.replaceChildren();
    const copy = figure.cloneNode(true);
    copy.removeAttribute("id");
    panel.replaceChildren(copy);
    enliven(copy.querySelector(".flow-map"));
  });
})();
