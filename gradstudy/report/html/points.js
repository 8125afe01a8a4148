// The trial nearest to the pointer, among the points of a strip or a scatter plot.
(() => {
  "use strict";
  const SIDE = 1000;
  const REACH = 18; // pixels

  const read = (svg) =>
    [...svg.querySelectorAll("path[data-trials]")].flatMap((path) => {
      const trials = path.dataset.trials.split(" ");
      return [...path.getAttribute("d").matchAll(/M(\d+) (\d+)h/g)].map(([, x, y], which) => ({
        x: x / SIDE, y: y / SIDE, trial: trials[which],
      }));
    });

  const ring = (svg) => {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", "found");
    svg.prepend(path);
    return path;
  };

  for (const svg of document.querySelectorAll("svg.points[data-told]")) {
    let points, found, told;
    const seek = (event) => {
      points ??= read(svg);
      told ??= JSON.parse(document.getElementById(svg.dataset.told).textContent);
      found ??= ring(svg);
      const box = svg.getBoundingClientRect();
      const far = ({ x, y }) => Math.hypot(box.left + x * box.width - event.clientX, box.top + y * box.height - event.clientY);
      const nearest = points.reduce((best, point) => (far(point) < far(best) ? point : best), points[0]);
      if (nearest && far(nearest) <= REACH) {
        svg.dataset.tip = `trial ${nearest.trial}: ${told[nearest.trial]}`;
        found.setAttribute("d", `M${nearest.x * SIDE} ${nearest.y * SIDE}h0`);
      } else {
        delete svg.dataset.tip;
        found.removeAttribute("d");
      }
    };
    svg.addEventListener("pointermove", seek);
    svg.addEventListener("pointerdown", seek);
    svg.addEventListener("pointerleave", () => { found?.removeAttribute("d"); });
  }
})();
