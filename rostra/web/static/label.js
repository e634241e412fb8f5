// Labelling by keys: each answer's button says its own; v shows and veils the pictures. Without script the buttons do the same.
"use strict";
(() => {
  if (!("shortcuts" in document.body.dataset)) return;
  document.documentElement.classList.add("script", "keys-on");
  let leaving = false;
  addEventListener("pageshow", () => { leaving = false; });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.("input:not([type=checkbox]), textarea, select")) return;
    const boxes = [...document.querySelectorAll(".veil input")];
    const button = /^[\da-z]$/.test(event.key) && document.querySelector(`[data-key="${event.key}"]`);
    if (event.key === "v" && boxes.length) {
      const shown = boxes.some((box) => !box.checked);
      boxes.forEach((box) => { box.checked = shown; });
    } else if (button) {
      if (!leaving) button.click();
      leaving = true;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
})();
