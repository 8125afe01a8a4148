// Tooltips, sorting, arrow keys in tables: extras to a page that says everything without them.
(() => {
  "use strict";

  const tip = document.createElement("div");
  tip.id = "tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  document.body.append(tip);

  const show = (words, x, y) => {
    tip.textContent = words;
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    const above = y - height - 12;
    tip.style.left = `${Math.max(8, Math.min(x - width / 2, innerWidth - width - 8))}px`;
    tip.style.top = `${above > 8 ? above : y + 16}px`;
  };
  const hide = () => { tip.hidden = true; };
  const tipped = (event) => event.target.closest?.("[data-tip]");

  document.addEventListener("pointermove", (event) => {
    const element = tipped(event);
    if (element) show(element.dataset.tip, event.clientX, event.clientY);
    else hide();
  });
  document.addEventListener("pointerdown", (event) => {
    const element = tipped(event);
    if (element) show(element.dataset.tip, event.clientX, event.clientY);
  });
  document.addEventListener("focusin", (event) => {
    const element = tipped(event);
    if (!element?.matches(":focus-visible")) return;
    const { left, width, top } = element.getBoundingClientRect();
    show(element.dataset.tip, left + width / 2, top);
    element.setAttribute("aria-describedby", "tip");
  });
  document.addEventListener("focusout", (event) => {
    hide();
    tipped(event)?.removeAttribute("aria-describedby");
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  document.addEventListener("scroll", hide, { passive: true, capture: true });

  const number = (text) => (text === "" || Number.isNaN(Number(text)) ? null : Number(text));
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    return x !== null && y !== null ? x - y : a.localeCompare(b, "en", { numeric: true });
  };
  const sort = (heading, direction) => {
    const column = heading.cellIndex;
    const body = heading.closest("table").tBodies[0];
    const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
    const rows = [...body.rows].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (!x || !y) return !x - !y; // what is missing comes last either way
      return direction === "ascending" ? compare(x, y) : compare(y, x);
    });
    body.append(...rows);
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", direction);
  };
  for (const heading of document.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    const first = heading.dataset.sort || "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    button.addEventListener("click", () => sort(heading, heading.getAttribute("aria-sort") === first ? second : first));
  }

  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  for (const table of document.querySelectorAll("table[data-arrows]")) {
    const first = table.querySelector("td[data-tip]");
    if (!first) continue;
    first.tabIndex = 0;
    table.addEventListener("keydown", (event) => {
      const [down, right] = STEPS[event.key] ?? [];
      const here = event.target.closest("td");
      if (down === undefined || !here) return;
      event.preventDefault();
      const next = table.rows[here.parentElement.rowIndex + down]?.cells[here.cellIndex + right];
      if (!next?.dataset.tip) return;
      here.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  }

  for (const box of document.querySelectorAll(".scroll:not([tabindex])")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; // so that arrow keys scroll it
  }

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of closed) details.open = false; });
})();
