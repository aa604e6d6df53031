// Keeps the page behind the link at the present hour: hears that something changed, fetches the
// page again and puts its live part in place. The words come from the server; this file has none.
(() => {
  const live = document.getElementById("live");
  const said = document.getElementById("said");
  if (!live || !window.EventSource) return;
  const standing = (part) => [part.dataset.state, part.dataset.here, part.dataset.as].join(" ");
  let now = standing(live);

  const renew = async () => {
    const answer = await fetch(location.pathname, { credentials: "same-origin", cache: "no-store" });
    // Too many at one moment: what stands here is still good for a while.
    if (answer.status === 429 || answer.status >= 500) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("live");
    if (!next) return location.reload();
    // The page was gone for so long that we stopped counting on it: say again that somebody is here.
    if (live.dataset.here && !next.dataset.here && next.dataset.state === live.dataset.state) {
      await fetch(live.dataset.join, { method: "POST", credentials: "same-origin" });
      return;
    }
    if (standing(next) === now) return;
    now = standing(next);
    const held = live.contains(document.activeElement);
    live.replaceChildren(...next.childNodes);
    live.dataset.state = next.dataset.state;
    live.dataset.here = next.dataset.here || "";
    live.dataset.as = next.dataset.as || "";
    document.title = page.title;
    said.textContent = next.dataset.said;
    if (held) live.querySelector("h1").focus();
  };

  let failed = 0;
  let waits = false;
  const look = () =>
    renew().then(
      () => { failed = 0; },
      () => {
        if (waits) return;
        waits = true;
        failed += 1;
        const soon = Math.min(20000, 1000 * 2 ** failed) * (0.5 + Math.random() / 2);
        setTimeout(() => { waits = false; look(); }, soon);
      },
    );

  const news = new EventSource(live.dataset.events);
  // The clock alone opens the door and ends the meeting; a stream that fell silent tells nothing.
  const again = setInterval(look, 20000);
  for (const name of ["waiting", "open", "closed", "moved", "cancelled", "changed"]) {
    news.addEventListener(name, look);
  }
  // After these there is no news any more: a browser would ask for it for ever.
  for (const last of ["closed", "cancelled"]) {
    news.addEventListener(last, () => { news.close(); clearInterval(again); });
  }
})();
