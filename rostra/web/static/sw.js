// Keeps one page and its looks for when there is no connection. Served from the root of the site. Caches nothing else.
const STORE = "rostra-offline-1";
self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const store = await caches.open(STORE), page = await fetch("/offline", { credentials: "omit" });
    const links = [...(await page.clone().text()).matchAll(/(?:href|src)="(\/static\/[^"#]+)/g)].map((match) => match[1].replaceAll("&amp;", "&"));
    await store.put("/offline", page);
    await store.addAll([...new Set(links)]);
    await self.skipWaiting();
  })());
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate") event.respondWith(fetch(event.request).catch(() => caches.match("/offline")));
  else if (new URL(event.request.url).pathname.startsWith("/static/")) event.respondWith(fetch(event.request).catch(() => caches.match(event.request)));
});
