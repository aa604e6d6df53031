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
    Object.assign(live.dataset, next.dataset);
    document.title = page.title;
    said.textContent = next.dataset.said;
    if (held) live.querySelector("h1").focus();
  };

  const later = (times) => Math.min(60000, 1000 * 2 ** times) * (0.5 + Math.random() / 2);

  // One look at a time: what comes meanwhile is looked at once more afterwards.
  let looking = false;
  let more = false;
  let failed = 0;
  let retry = 0;
  const look = async () => {
    more = looking;
    if (looking) return;
    looking = true;
    clearTimeout(retry);
    try {
      await renew();
      failed = 0;
    } catch {
      failed += 1;
      more = false;
      retry = setTimeout(look, later(failed));
    }
    looking = false;
    if (more) look();
  };

  // The first event tells how the meeting stands: as on this page, if nothing came in between.
  const shown = (told) =>
    told.state === live.dataset.room &&
    (told.status || "") === live.dataset.status &&
    Boolean(told.here) === Boolean(live.dataset.here) &&
    Date.parse(told.starts_at) === Date.parse(live.dataset.starts);
  let news;
  let first = true;
  let broken = 0;
  let over = false;
  const heard = (event) => {
    // A browser says "open" of the line itself as well, and has nothing to tell with it.
    if (event.data === undefined) return;
    const fresh = first && shown(JSON.parse(event.data));
    first = false;
    broken = 0;
    if (!fresh) look();
  };
  const finish = () => {
    over = true;
    news.close();
    clearInterval(again);
  };
  const listen = () => {
    news = new EventSource(live.dataset.events);
    for (const name of ["before", "waiting", "open", "closed", "moved", "cancelled", "changed"]) {
      news.addEventListener(name, heard);
    }
    // After these there is no news any more: a browser would ask for it for ever.
    for (const last of ["closed", "cancelled"]) news.addEventListener(last, finish);
    // A line that breaks is mended by the browser; an answer of "not now" it takes as the last word.
    news.addEventListener("error", () => {
      if (over || news.readyState !== news.CLOSED) return;
      first = false;
      broken += 1;
      setTimeout(listen, later(broken));
    });
  };
  // The clock alone opens the door and ends the meeting; a stream that fell silent tells nothing.
  const again = setInterval(look, 20000);
  listen();
})();
