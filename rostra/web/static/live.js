// New posts while one reads: the stream says that there is something, the list's own address says what. Only for people who are signed in.
"use strict";
(() => {
  const $ = (what) => document.querySelector(what);
  const $$ = (what, within = document) => [...within.querySelectorAll(what)];
  const feed = $("#feed[data-live]");
  if (feed) {
    const name = feed.dataset.live, list = feed.dataset.liveUrl, thread = $(".focused"), fresh = $("#fresh");
    let socket, wait = 1000, asked;
    const known = () => new Set($$("#feed > [data-id]").map((one) => one.dataset.id));
    const newest = () => [...known()].sort((a, b) => a.length - b.length || (a < b ? -1 : 1)).pop() || "";
    // What is newer than the newest shown, page by page, so that no gap is left.
    const fetched = async () => {
      const address = new URL(list, location), ids = known();
      if (!thread && newest()) address.searchParams.set("min_id", newest());
      const answer = await fetch(address, { headers: { "HX-Request": "true" } });
      if (!answer.ok) return [];
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      return $$("#feed > [data-id]", page).filter((one) => !ids.has(one.dataset.id)).map((one) => document.importNode(one, true));
    };
    const add = (more) => {
      fresh.replaceChildren();
      if (thread) feed.append(...more); else feed.prepend(...more);
      more.forEach((one) => { window.htmx?.process(one); one.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true })); });
    };
    const look = async (rounds = 5) => {
      const more = await fetched();
      if (!more.length) return;
      if (thread || scrollY < 200) { add(more); if (!thread && rounds) await look(rounds - 1); return; }
      if (fresh.firstChild) return;
      const button = Object.assign(document.createElement("button"), { className: "button small", textContent: document.body.dataset.sayNew });
      button.onclick = () => { scrollTo({ top: 0, behavior: "instant" }); fresh.replaceChildren(); look(); };
      fresh.append(button);
    };
    const heard = ({ event, payload, stream }) => {
      if (event === "delete") $$(`[data-id="${CSS.escape(payload)}"], [data-post="${CSS.escape(payload)}"]`).forEach((one) => one.remove());
      if (event === "notification") $$("[data-unread]").forEach((badge) => { badge.hidden = false; badge.textContent = (parseInt(badge.textContent) || 0) + 1; });
      // Answers by people whom one does not follow come as notifications only.
      const ours = event === "notification" ? thread || name === "user:notification" : event === "update" && stream?.[0] === name.split("?")[0];
      if (!ours || (thread && ![thread.dataset.id, ...known()].some((id) => payload.includes(`"in_reply_to_id":"${id}"`)))) return;
      clearTimeout(asked);
      asked = setTimeout(look, 400);
    };
    const open = () => {
      if (document.hidden || socket) return;
      const address = new URL("/web/stream", location);
      address.protocol = address.protocol.replace("http", "ws");
      address.search = new URLSearchParams({ stream: name, ...Object.fromEntries(new URLSearchParams(name.split("?")[1])) });
      address.searchParams.set("stream", name.split("?")[0]);
      socket = new WebSocket(address);
      socket.onopen = () => { wait = 1000; };
      socket.onmessage = (message) => heard(JSON.parse(message.data));
      socket.onclose = () => { socket = null; setTimeout(open, wait = Math.min(wait * 2, 6e4)); };
    };
    const shut = () => {
      if (!socket) return;
      const ending = socket;
      socket = null;
      ending.onclose = ending.onmessage = null;
      // To close what is not open yet would be an error in the console.
      if (ending.readyState) ending.close(); else ending.onopen = () => ending.close();
    };
    addEventListener("pagehide", shut);
    document.addEventListener("visibilitychange", () => { if (document.hidden) shut(); else { open(); look(); } });
    open();
  }
})();
