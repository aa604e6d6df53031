// Fetches the week again now and then, so that a count of those waiting is never old.
(() => {
  const live = document.getElementById("live");
  const said = document.getElementById("said");
  if (!live) return;
  const busy = () => live.contains(document.activeElement) || live.querySelector("details[open]");
  const renew = async () => {
    if (document.hidden || busy()) return;
    const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("live");
    if (!next) return;
    if (next.dataset.said !== live.dataset.said) said.textContent = next.dataset.said;
    live.dataset.said = next.dataset.said;
    live.replaceChildren(...next.childNodes);
  };
  setInterval(() => renew().catch(() => {}), 8000);
})();
