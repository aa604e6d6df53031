// Keeps those at the door of the meeting in sight of its host. The words come from the server.
(() => {
  const hall = document.getElementById("hall");
  if (!hall) return;
  let told = "";
  const renew = async () => {
    const answer = await fetch(hall.dataset.from, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("live");
    if (!next || next.dataset.said === told) return;
    told = next.dataset.said;
    hall.replaceChildren(...(told ? next.childNodes : []));
  };
  renew().catch(() => {});
  setInterval(() => renew().catch(() => {}), 5000);
})();
