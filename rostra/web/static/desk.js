// What the moderation desk gains when script runs: keys from first to last, a lease that renews itself, the time that a case was looked at.
// Without it every button and form does the same.
"use strict";
(() => {
  const $ = (what, within = document) => within.querySelector(what);
  const $$ = (what, within = document) => [...within.querySelectorAll(what)];
  const page = $(".case-page"), dialog = $("#desk-keys");
  const csrf = () => $("input[name=csrf]")?.value ?? "";

  const alertOnce = (text) => {
    const line = document.createElement("p");
    line.className = "alert";
    line.setAttribute("role", "alert");
    line.textContent = text;
    $("#says")?.replaceChildren(line);
  };

  // The lease is renewed every two minutes while the page is open and seen; the time counts when it is left without a decision.
  if (page && "lease" in page.dataset) {
    const at = `/admin/desk/cases/${page.dataset.case}`;
    let decided = false;
    const timer = setInterval(async () => {
      if (document.visibilityState !== "visible") return;
      const answer = await fetch(`${at}/renew`, { method: "POST", headers: { "X-CSRF-Token": csrf() }, redirect: "manual" }).catch(() => null);
      if (answer?.status === 409) { clearInterval(timer); alertOnce(page.dataset.sayLost); }
    }, 120000);
    document.addEventListener("submit", (event) => { if (/\/(decide|skip|release|escalate|hand_over)$/.test(event.target.action)) decided = true; });
    addEventListener("pagehide", () => {
      if (decided) return;
      decided = true;
      navigator.sendBeacon(`${at}/left`, new URLSearchParams({ csrf: csrf(), since: page.dataset.since }));
    });
    addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  }

  // The ladder's answer to the clause that is chosen, and the words of a template.
  const ladder = $("#ladder");
  document.addEventListener("change", (event) => {
    const select = event.target, option = select.selectedOptions?.[0];
    if (select.id === "clause" && ladder) {
      const step = option.dataset.step, told = $("[data-ladder]", ladder);
      told.textContent = step ? ladder.dataset.adds.replace("{step}", step) : ladder.dataset.none;
      told.classList.toggle("adds", Boolean(step));
    }
    if (select.id === "template" && option?.dataset.text) {
      const words = $("#reason");
      words.value = option.dataset.text;
      words.focus();
    }
    if (select.id === "choose-all") $$(".choose").forEach((box) => { box.checked = select.checked; });
    if (select.matches(".choose, #choose-all")) count();
  });
  const count = () => {
    const told = $("[data-chosen]"), n = $$(".choose:checked").length;
    if (told) told.textContent = n ? `(${n})` : "";
  };
  count();

  // A long list of clauses is narrowed by typing; what is found first is chosen.
  const finder = $("[data-finds]"), clauses = finder && $(`#${finder.dataset.finds}`), whole = clauses && [...clauses.children];
  finder?.addEventListener("input", () => {
    const wanted = finder.value.trim().toLocaleLowerCase(), chosen = clauses.value;
    const fits = (option) => `${option.textContent} ${option.value}`.toLocaleLowerCase().includes(wanted);
    clauses.replaceChildren(...whole.map((part) => part.cloneNode(true)));
    if (wanted) for (const option of $$("option", clauses)) if (option.value && !fits(option)) option.remove();
    for (const group of $$("optgroup:not(:has(option))", clauses)) group.remove();
    const found = $$("option", clauses).filter((option) => option.value);
    clauses.value = found.some((option) => option.value === chosen) ? chosen : wanted && found.length ? found[0].value : chosen;
    if (clauses.selectedIndex < 0) clauses.value = "";
    clauses.dispatchEvent(new Event("change", { bubbles: true }));
  });
  finder?.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); clauses.focus(); } });

  // One at a time: a second press of a key while the page is on its way does nothing.
  let leaving = false;
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method === "dialog") return;
    if (leaving && event.target.matches("#decide, .done")) event.preventDefault();
    leaving = true;
    setTimeout(() => { leaving = false; }, 4000);
  });

  if (!("shortcuts" in document.body.dataset)) return;
  document.documentElement.classList.add("keys-on");
  const list = () => $$("article.case");
  const step = (by) => {
    const cases = list(), here = cases.indexOf(document.activeElement?.closest?.("article.case"));
    const next = cases[here < 0 ? (by > 0 ? 0 : cases.length - 1) : here + by];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };
  const press = (key) => {
    const button = $(`[data-key="${key}"]`);
    if (!button || button.disabled) return false;
    const clause = $("#clause");
    // A violation needs a clause: to the place where it is chosen.
    if (button.matches(".quick-violates") && clause && !clause.value) { (finder ?? clause).focus(); clause.scrollIntoView({ block: "center" }); return true; }
    if ("twice" in button.dataset && document.activeElement !== button) { button.focus(); return true; }
    button.click();
    return true;
  };
  const open = (what, first) => {
    const details = $(what);
    if (!details) return false;
    details.open = true;
    const field = $(first, details) ?? $("summary", details);
    field.focus();
    field.scrollIntoView({ block: "nearest" });
    return true;
  };
  const reveal = () => {
    const boxes = $$(".veil input"), shown = boxes.some((box) => !box.checked);
    boxes.forEach((box) => { box.checked = shown; });
    // In the list only what one is at: walking through it shows nothing.
    const text = $(".veiled.case-text", document.activeElement?.closest?.("article.case") ?? document.createElement("p"));
    text?.classList.toggle("shown");
    return boxes.length > 0 || Boolean(text);
  };
  const choose = () => {
    const box = $(".choose", document.activeElement?.closest?.("article.case") ?? document.createElement("p"));
    box?.click();
    return Boolean(box);
  };
  const keys = {
    n: () => press("n") || press("s"), s: () => press("s"), u: () => press("u"),
    j: () => { if (!list().length) return false; step(1); return true; },
    k: () => { if (!list().length) return false; step(-1); return true; },
    o: () => { const to = document.activeElement?.closest?.("article.case")?.dataset.href; if (to) location.assign(to); return Boolean(to); },
    Enter: () => { const here = document.activeElement; if (!here?.matches?.("article.case")) return false; location.assign(here.dataset.href); return true; },
    x: choose, v: reveal,
    c: () => { finder?.focus(); return Boolean(finder); },
    d: () => open("details.long", "input, select"), e: () => open("details.pass-on", "textarea, select"),
    "/": () => open("details.narrow", "select"),
    "?": () => { if (!dialog) return false; dialog.open ? dialog.close() : dialog.showModal(); return true; },
  };
  // A case opens wherever it is clicked, unless its words are being marked.
  document.addEventListener("click", (event) => {
    const to = event.target.closest("article.case")?.dataset.href;
    if (to && !event.target.closest("a, button, input, label") && !String(getSelection())) location.assign(to);
  });

  // Before the keys of other pages get to hear of it.
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const field = event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select");
    if (field) {
      if (event.key === "Escape") { field.blur(); event.stopPropagation(); }
      return;
    }
    if (dialog?.open && event.key !== "?") return;
    const act = keys[event.key] ?? (/^[1-9]$/.test(event.key) ? () => press(event.key) : null);
    if (!act) return;
    event.stopPropagation();
    if (act() !== false) event.preventDefault();
  }, true);
})();
