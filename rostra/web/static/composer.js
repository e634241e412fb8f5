// What the composer gains when script runs: counting, images with a preview and a chosen point, parts that count only while they are open.
"use strict";
(() => {
  const $ = (what, within = document) => within.querySelector(what);
  const $$ = (what, within = document) => [...within.querySelectorAll(what)];

  for (const form of $$("form[data-composer]")) {
    const text = $("textarea[name=status]", form), warning = $("[name=spoiler_text]", form), counter = $("[data-counter]", form);
    const length = (value) => [...new Intl.Segmenter(document.documentElement.lang).segment(value)].length;
    const count = () => {
      const plain = text.value.replace(/https?:\/\/\S+/g, "x".repeat(form.dataset.urlLength)).replace(/(@\w+)@[\w.-]+\w/g, "$1");
      const left = form.dataset.max - length(plain) - (warning.closest("fieldset").disabled ? 0 : length(warning.value));
      counter.textContent = text.value ? left : "";
      counter.classList.toggle("over", left < 0);
    };
    form.addEventListener("input", count);
    for (const part of $$("[data-part]", form)) {
      const follow = () => { $("fieldset", part).disabled = !part.open; count(); };
      part.addEventListener("toggle", follow);
      follow();
    }
    const key = $("[name=idempotency_key]", form);
    const kept = (what) => { try { return what ? sessionStorage.setItem("sent", what) : sessionStorage.getItem("sent"); } catch { return null; } };
    form.addEventListener("submit", () => kept(JSON.stringify([key.value, text.value])));
    // A browser that goes back fills in again what was sent: sent once more it is the same post, not another.
    addEventListener("pageshow", () => {
      const [sent, said] = JSON.parse(kept() || "[]");
      if (said && text.value === said && text.value !== text.defaultValue) key.value = sent;
    });
    form.addEventListener("submit", () => setTimeout(() => $$("button", form).forEach((button) => { button.disabled = true; })));
    addEventListener("pageshow", () => $$("button", form).forEach((button) => { button.disabled = false; }));
    text.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(); });

    const slots = $$("[data-slot]", form), file = (slot) => $("input[type=file]", slot);
    const tidy = () => {
      let spare = false;
      for (const slot of slots) {
        const empty = file(slot) && !file(slot).files.length;
        slot.classList.toggle("spare", Boolean(empty && spare));
        spare ||= empty;
      }
    };
    const show = (slot) => {
      const picked = file(slot).files[0], image = new Image(96, 96);
      image.alt = "";
      if (picked) { image.src = URL.createObjectURL(picked); $("[data-slot-view]", slot).replaceChildren(image); }
      tidy();
    };
    const take = (files) => {
      for (const one of files) {
        const slot = one.type.startsWith("image/") && slots.find((slot) => file(slot) && !file(slot).files.length);
        if (!slot) continue;
        const pack = new DataTransfer();
        pack.items.add(one);
        file(slot).files = pack.files;
        slot.closest("details").open = true;
        show(slot);
      }
    };
    for (const slot of slots) {
      file(slot)?.addEventListener("change", () => show(slot));
      $("[data-slot-view]", slot).addEventListener("click", (event) => {
        if (event.target.tagName !== "IMG") return;
        const at = event.target.getBoundingClientRect(), point = [(event.clientX - at.left) / at.width, (event.clientY - at.top) / at.height];
        const select = $("[data-focus]", slot);
        select.selectedIndex = -1;
        const value = `${(point[0] * 2 - 1).toFixed(2)},${(1 - point[1] * 2).toFixed(2)}`;
        const option = $("option[data-point]", select) || select.appendChild(Object.assign(document.createElement("option"), { textContent: "⌖" }));
        option.dataset.point = option.value = value;
        option.selected = true;
        event.target.style.objectPosition = `${point[0] * 100}% ${point[1] * 100}%`;
      });
    }
    tidy();
    form.addEventListener("paste", (event) => take(event.clipboardData.files));
    for (const kind of ["dragover", "dragleave", "drop"]) form.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      form.classList.toggle("dropping", kind === "dragover");
      if (kind === "drop") take(event.dataTransfer.files);
    });
    count();
  }
})();
