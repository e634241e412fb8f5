// What the pages gain when script runs; without it they read and post all the same. No dependencies but htmx for the buttons and lists.
"use strict";
(() => {
  const $ = (what, within = document) => within.querySelector(what);
  const $$ = (what, within = document) => [...within.querySelectorAll(what)];
  const root = document.documentElement, body = document.body, say = body.dataset, lang = root.lang;
  root.classList.add("script");

  const tell = (text) => {
    const line = Object.assign(document.createElement("p"), { className: "notice", textContent: text });
    $("#says")?.replaceChildren(line);
    setTimeout(() => line.remove(), 6000);
  };

  // Times: ages stay fresh, moments are told in the reader's own zone.
  const units = [["day", 864e5], ["hour", 36e5], ["minute", 6e4]];
  // As the reader writes dates, where the browser says so in the page's language.
  const whole = new Intl.DateTimeFormat(navigator.languages?.find((each) => each.split("-")[0] === lang) ?? lang, { dateStyle: "long", timeStyle: "short" });
  const times = (within = document) => {
    for (const time of $$("time[data-age], time[data-moment]", within)) {
      const then = new Date(time.dateTime), past = Math.max(Date.now() - then, 6e4);
      time.title = whole.format(then);
      if ("moment" in time.dataset) time.textContent = time.title;
      else if (past < 6048e5) {
        const [unit, size] = units.find(([, size]) => past >= size);
        time.textContent = new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "narrow" }).format(Math.floor(past / size));
      }
    }
  };

  // Moments are chosen on the reader's own clock. The offset is that of the chosen day: summer time may make it another than today's.
  const clock = (zone) => {
    const when = $("[type=datetime-local]", zone.form), place = () => { zone.value = (when.value ? new Date(when.value) : new Date()).getTimezoneOffset(); };
    if (when.dataset.utc) {
      const then = new Date(when.dataset.utc);
      when.value = new Date(then - then.getTimezoneOffset() * 6e4).toISOString().slice(0, 16);
      delete when.dataset.utc;
    }
    place();
    when.addEventListener("input", place);
    $("[data-zone]", zone.form).textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
  };

  // Blurhash (https://github.com/woltapp/blurhash, Algorithm.md), drawn at 32 by 32.
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
  const read = (text) => [...text].reduce((sum, digit) => sum * 83 + digits.indexOf(digit), 0);
  const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const srgb = (v) => 255 * (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055);
  const signed = (v) => Math.sign(v) * v * v;
  const blur = (canvas) => {
    const hash = canvas.dataset.hash, size = read(hash[0]), across = (size % 9) + 1, down = Math.floor(size / 9) + 1;
    if (hash.length !== 4 + 2 * across * down) return;
    const top = (read(hash[1]) + 1) / 166, parts = [];
    for (let n = 0; n < across * down; n++) {
      const v = n ? read(hash.substr(4 + n * 2, 2)) : read(hash.slice(2, 6));
      parts.push(n ? [v / 361, v / 19, v].map((c) => signed((Math.floor(c) % 19 - 9) / 9) * top) : [v >> 16, v >> 8, v].map((c) => linear(c & 255)));
    }
    const pen = canvas.getContext("2d"), image = pen.createImageData(32, 32);
    for (let i = 0; i < 1024; i++) {
      const x = Math.PI * (i % 32) / 32, y = Math.PI * (i >> 5) / 32;
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        parts.forEach((part, n) => { sum += part[c] * Math.cos(x * (n % across)) * Math.cos(y * Math.floor(n / across)); });
        image.data[i * 4 + c] = srgb(sum);
      }
      image.data[i * 4 + 3] = 255;
    }
    pen.putImageData(image, 0, 0);
    delete canvas.dataset.hash;
  };

  // A picture in full, with its description.
  const view = (link) => {
    const image = $("img", link), dialog = document.createElement("dialog"), button = document.createElement("button"), words = document.createElement("p");
    const full = Object.assign(new Image(), { src: link.href, alt: image.alt });
    Object.assign(button, { type: "button", textContent: "×", ariaLabel: say.sayClose });
    words.textContent = image.alt;
    dialog.className = "viewer";
    dialog.ariaLabel = image.alt;
    dialog.append(button, full, words);
    dialog.addEventListener("click", (event) => { if (event.target !== full && event.target !== words) dialog.close(); });
    dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
    body.append(dialog);
    dialog.showModal();
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a"), plain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
    for (const menu of $$("details.menu[open], details.sheet[open]")) if (!menu.contains(event.target)) menu.open = false;
    if (!link || !plain) return;
    if ("copy" in link.dataset && navigator.clipboard) {
      event.preventDefault();
      navigator.clipboard.writeText(link.href).then(() => tell(say.sayCopied));
      link.closest("details.menu")?.removeAttribute("open");
    } else if ("view" in link.dataset && $("img", link)) { event.preventDefault(); view(link); }
    else if ("back" in link.dataset && document.referrer.startsWith(location.origin) && history.length > 1) { event.preventDefault(); history.back(); }
  });

  document.addEventListener("submit", (event) => {
    const form = event.target, theme = event.submitter?.value;
    if (!("themeSwitch" in form.dataset)) return;
    event.preventDefault();
    if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
    $$("[data-theme-switch] button").forEach((button) => button.setAttribute("aria-pressed", button.value === theme));
    const filled = new FormData(form);
    filled.set("theme", theme);
    fetch(form.action, { method: "POST", body: new URLSearchParams(filled), redirect: "manual" }).catch(() => {});
  });

  document.addEventListener("change", (event) => {
    const shown = event.target.type === "file" && event.target.files[0] && $(`[data-preview-of="${event.target.id}"]`);
    if (shown) shown.src = URL.createObjectURL(event.target.files[0]);
  });

  // Single keys, unless the reader has switched them off.
  if ("shortcuts" in body.dataset) {
    const go = { h: "/home", n: "/notifications", e: "/explore", l: "/public/local", b: "/bookmarks", s: "/settings" };
    let before = "";
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target.closest("input, textarea, select, dialog")) return;
      const posts = $$(".status, .bell, .review"), here = event.target.closest(".status, .bell, .review"), key = event.key;
      const step = (by) => { const next = posts[here ? posts.indexOf(here) + by : posts.findIndex((one) => one.getBoundingClientRect().bottom > 80)]; next?.focus(); next?.scrollIntoView({ block: "nearest" }); };
      const press = (what) => here && $(what, here)?.click();
      const keys = {
        j: () => step(1), k: () => step(-1), o: () => here?.dataset.href && (location.href = here.dataset.href), r: () => press(".act-reply"),
        f: () => press(".act-star"), b: () => press(".act-boost"), d: () => press(".act-keep"), p: () => press(".head-who"), x: () => press("details:is(.warned, .cover, .filtered) > summary"),
        n: () => ($("textarea[name=status]") ? $("textarea[name=status]").focus() : location.assign("/compose")), "/": () => ($("#q, .side [name=q]") || 0).focus?.(),
        ".": () => ($("#fresh button") ? $("#fresh button").click() : scrollTo(0, 0)), "?": () => location.assign("/keyboard"),
      };
      const jump = before === "g" && (key === "p" ? $(".rail-list a[href^='/@']")?.href : go[key]);
      before = key;
      if (jump) { event.preventDefault(); location.href = jump; } else if (keys[key]) { event.preventDefault(); keys[key](); }
    });
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") $$("details.menu[open], details.sheet[open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); }); });

  // To the line of the text on this page that something is wrong with.
  document.addEventListener("click", (event) => {
    const line = event.target.closest?.('a[href="#text"][data-line]')?.dataset.line, area = $("#text");
    if (!line || !area) return;
    event.preventDefault();
    const lines = area.value.split("\n"), start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    const box = area.parentElement;
    area.focus({ preventScroll: true });
    area.setSelectionRange(start, start + (lines[line - 1] || "").length);
    box.scrollTop = (line - 4) * parseFloat(getComputedStyle(area).lineHeight);
    box.scrollIntoView({ block: "nearest" });
  });
  // As many numbers as lines, and all lines in sight of them.
  document.addEventListener("input", ({ target: area }) => {
    if (!area.matches?.(".code-area")) return;
    const beside = area.previousElementSibling, lines = area.value.split("\n").length, known = beside.textContent.split("\n").length;
    area.rows = Math.max(lines, 24);
    beside.classList.toggle("wide", lines > 999);
    if (known < lines) beside.append(Array.from({ length: lines - known + 999 }, (_, more) => `\n${known + 1 + more}`).join(""));
  });

  const ready = (within) => { times(within); $$("canvas[data-hash]", within).forEach(blur); $$("[name=tz_offset]", within).forEach(clock); };
  document.addEventListener("htmx:load", (event) => ready(event.target));
  for (const kind of ["htmx:responseError", "htmx:sendError"]) document.addEventListener(kind, () => tell(say.sayFailed));
  ready(document);
  setInterval(times, 6e4);
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js").catch(() => {});
})();
